"""`make calibrate`: measure every class of work on this code, and write `planner/cost_table.py`.

Also what `make bench` compares estimates with: jobs that were not used to learn from.
"""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from app import settings
from app.engine import tools
from app.engine.tools import Tools
from planner.calibration import Sample, learn
from planner.codecs import ENCODERS
from planner.cost_table import TABLE
from planner.costs import Costs, Factor, estimate
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, joined, op

_TABLE = Path(__file__).parent.parent / "planner" / "cost_table.py"
_PRESETS = next(e.presets for e in ENCODERS if e.name == "libx264")
_SIZES = {
    "tiny": "320x180",
    "sd": "640x360",
    "hd": "1280x720",
    "fhd": "1920x1080",
    "uhd": "3840x2160",
}
_ROUNDS = 2
_SLOW = ("slow", "slower", "veryslow")
Job = dict[str, Any]


class Jobs:
    """Jobs over sources that are rendered once."""

    def __init__(self, folder: Path, binaries: Tools) -> None:
        self.folder, self.binaries = folder, binaries
        self.media = Media(binaries=binaries, folder=folder)

    def source(
        self, size: str, seconds: float = 6, codec: str = "libx264", fps: str = "25"
    ) -> Path:
        """A picture with detail and movement, and noise in its sound."""
        name = f"{size}-{seconds:g}-{codec}-{fps.replace('/', '_')}.{'webm' if 'vp9' in codec else 'mp4'}"
        path = self.folder / name
        if not path.exists():
            quick = {"libx264": ("-preset", "veryfast"), "libx265": ("-preset", "ultrafast"),
                     "libvpx-vp9": ("-cpu-used", "8", "-deadline", "realtime")}.get(codec, ())  # fmt: skip
            sound = "libopus" if "vp9" in codec else "aac"
            self.media.ffmpeg(
                "-f", "lavfi", "-i", f"mandelbrot=s={_SIZES[size]}:r={fps},noise=alls=6:allf=t",
                "-f", "lavfi", "-i", "anoisesrc=a=0.1:c=pink:r=48000", "-t", str(seconds),
                "-pix_fmt", "yuv420p", "-c:v", codec, *quick, "-g", "50", "-c:a", sound, "-ac", "2", str(path),
            )  # fmt: skip
        return path

    def out(self, name: str = "o.mp4", **codec: Any) -> dict[str, Any]:
        found: dict[str, Any] = {"destination": f"file:///out/{name}"}
        return {**found, "codec": codec} if codec else found

    def one(
        self, source: Path, *steps: tuple[str, dict[str, Any]], out: dict[str, Any] | None = None
    ) -> Job:
        """A chain of operations on one source."""
        names = ["src", *(f"o{n}" for n in range(len(steps)))]
        chain = [
            op(name, names[n], names[n + 1], **params) for n, (name, params) in enumerate(steps)
        ]
        return job(
            source,
            *chain,
            **{names[-1]: out or self.out(video={"codec": "h264", "preset": "veryfast"})},
        )

    def table(self) -> Iterator[Job]:
        """Every encoder, preset, size, decoder and operator, in several mixtures."""
        yield from self._presets()
        yield from self._encoders()
        yield from self._decoders()
        yield from self._operators()
        yield from self._sounds()

    def _presets(self) -> Iterator[Job]:
        for preset, size in product(_PRESETS, ("sd", "hd")):
            source = self.source(size, 2 if preset in _SLOW else 6)
            yield self.one(source, out=self.out(video={"codec": "h264", "preset": preset}))
        for size, preset in product(("tiny", "fhd", "uhd"), ("veryfast", "medium")):
            source = self.source(size, 2 if size == "uhd" else 4)
            yield self.one(source, out=self.out(video={"codec": "h264", "preset": preset}))

    def _encoders(self) -> Iterator[Job]:
        for codec, preset in product(("hevc", "av1", "vp9"), ("ultrafast", "fast", "medium")):
            for size, seconds in (("sd", 3), ("hd", 2)):
                video = {"codec": codec, "preset": preset}
                yield self.one(self.source(size, seconds), out=self.out("o.mkv", video=video))
        others = (("vp8", "webm"), ("mpeg4", "mkv"), ("prores", "mov"), ("ffv1", "mkv"))
        for (codec, extension), size in product(others, ("sd", "hd")):
            out = self.out(f"o.{extension}", video={"codec": codec})
            yield self.one(self.source(size, 3), out=out)
        yield self.one(self.source("tiny", 4), out=self.out("o.gif"))

    def _decoders(self) -> Iterator[Job]:
        for codec, size in product(("libx264", "libx265", "libvpx-vp9"), ("sd", "hd", "fhd")):
            for preset in ("ultrafast", "fast"):
                video = {"codec": "h264", "preset": preset}
                source = self.source(size, 4, codec)
                yield self.one(source, ("scale", {"width": 320}), out=self.out(video=video))
        for source in (self.source("hd"), self.source("fhd", 20), self.source("tiny", 60)):
            yield self.one(source, out=self.out("o.mkv"))

    def _operators(self) -> Iterator[Job]:
        hd, sd = self.source("hd"), self.source("sd")
        quick = self.out(video={"codec": "h264", "preset": "ultrafast"})
        for one, source in product(_ONE_INPUT, (hd, sd)):
            yield self.one(source, one, out=quick)
        for size in ("fhd", "hd", "sd"):
            yield self.one(self.source(size, 4), ("scale", {"width": 640, "algorithm": "lanczos"}))
        for (name, params), source in product(_TWO_INPUTS, (hd, sd)):
            yield joined(name, [source, sd], quick, **params)
        for source in (hd, sd):
            yield self.one(source, ("thumbnail", {"count": 6, "width": 320}), out=self.out("o.jpg"))
            yield self.one(source, ("thumbnail", {"time": 3}), out=self.out("o.png"))

    def _sounds(self) -> Iterator[Job]:
        long, more = self.source("tiny", 60), self.source("sd", 20)
        for extension in ("m4a", "mp3", "opus", "ogg", "flac", "wav"):
            yield job(long, **{"src:a": self.out(f"o.{extension}")})
        out = self.out("o.m4a", video="none")
        for mode in ("simple", "ducking"):
            yield joined("mix", [long, more], out, mode=mode)
        for name, params in (
            ("loudnorm", {}),
            ("loudnorm", {"target_lufs": -30}),
            ("volume", {"gain_db": -3}),
        ):
            yield self.one(long, (name, params), out=out)
        yield self.one(long, ("waveform", {}), out=self.out("o.png"))

    def unseen(self) -> Iterator[Job]:
        """Jobs as users send them; none is in the table as it is."""
        fhd, hd, sd = self.source("fhd", 5), self.source("hd", 8), self.source("sd", 12)
        web = {"codec": "h264", "preset": "fast", "crf": 21}
        yield self.one(hd, ("trim", {"start": 1, "duration": 5}), ("scale", {"width": 854}), ("drawtext", {"text": "Title"}),
                       out=self.out(video=web))  # fmt: skip
        yield self.one(
            hd, ("scale", {"height": 480}), ("loudnorm", {}), out=self.out(video={"codec": "h264"})
        )
        yield self.one(
            fhd,
            ("crop", {"width": 1080, "height": 1080}),
            ("fade", {"type": "in"}),
            out=self.out(video=web),
        )
        yield self.one(
            sd,
            ("rotate", {"angle": 90}),
            ("fps", {"fps": 15}),
            out=self.out(video={"codec": "h264", "preset": "slow"}),
        )
        yield joined("concat", [hd, sd, hd], self.out(video=web), mode="reencode")
        yield joined(
            "overlay",
            [hd, sd],
            self.out(video={"codec": "h264", "preset": "superfast"}),
            scale=0.25,
        )
        yield joined("xfade", [sd, hd], self.out(video=web), duration=1)
        yield job(hd, *(op("scale", "src", f"r{height}", height=height) for height in (720, 480, 360, 240)),
                  **{f"r{height}": self.out(f"{height}.mp4", video=web) for height in (720, 480, 360, 240)})  # fmt: skip
        yield self.one(
            self.source("hd", 3), out=self.out("o.mkv", video={"codec": "hevc", "preset": "fast"})
        )
        yield self.one(
            self.source("hd", 4, "libvpx-vp9"), ("scale", {"width": 640}), out=self.out(video=web)
        )
        yield self.one(
            self.source("tiny", 60),
            ("volume", {"gain_db": -2}),
            out=self.out("o.mp3", video="none"),
        )
        yield self.one(
            self.source("sd", 4),
            ("deinterlace", {}),
            out=self.out("o.webm", video={"codec": "vp9", "preset": "fast"}),
        )
        yield self.one(
            hd, ("thumbnail", {"count": 9, "columns": 3, "width": 240}), out=self.out("sheet.jpg")
        )
        yield self.one(sd, ("pad", {"aspect": "1:1", "color": "#102030"}), out=self.out(video=web))

    def run(self, spec: Job, learnt: Costs | None = None) -> list[Sample]:
        """What each step of a job took."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            return render(spec, folder, self.binaries, learnt=learnt or Costs()).samples
        finally:
            shutil.rmtree(folder)


_ONE_INPUT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("trim", {"start": 1, "end": 5}), ("crop", {"width": 400, "height": 300}), ("pad", {"aspect": "1:1"}),
    ("rotate", {"angle": 90}), ("rotate", {"angle": 10}), ("fps", {"fps": 50}), ("fade", {"type": "in"}),
    ("drawtext", {"text": "Measured in every class", "box": True}), ("deinterlace", {}), ("scale", {"width": 1920}),
)  # fmt: skip

_TWO_INPUTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("concat", {"mode": "reencode"}), ("xfade", {"duration": 1}), ("overlay", {"scale": 0.3}),
)  # fmt: skip


def errors(samples: Sequence[Sample], table: Costs, learnt: Costs) -> list[float]:
    """How far the estimate of each step's wall time is off, as a share of what it took."""
    found = []
    for sample in samples:
        told = estimate(sample.work, table, learnt).wall_ms
        found.append(abs(told - sample.used.wall_ms) / sample.used.wall_ms)
    return found


def accuracy(folder: Path, binaries: Tools) -> tuple[float, float, int]:
    """Median error of wall time on jobs that were not learnt from: by the table alone, and after
    learning from as many other jobs; and how many steps were judged."""
    jobs = Jobs(folder, binaries)
    taught = [sample for spec in list(jobs.table())[::4] for sample in jobs.run(spec)]
    judged = [sample for spec in jobs.unseen() for sample in jobs.run(spec)]
    learnt = Costs(factors=learn(taught, TABLE))
    before, after = errors(judged, TABLE, Costs()), errors(judged, TABLE, learnt)
    return statistics.median(before), statistics.median(after), len(judged)


def write(factors: Mapping[str, Factor]) -> None:
    """The table as a module."""
    rows = [
        f'        "{name}": measured({f.cpu_ms:.3g}, {f.wall_ms:.3g}, {f.peak_memory_bytes:.3g},'
        f" {f.output_bytes:.3g}, {f.wall_p90:.3g}),"
        for name, f in sorted(factors.items())
    ]
    _TABLE.write_text("\n".join([*_HEAD, *rows, *_TAIL, ""]))


_HEAD = (
    '"""What was measured of every class of work, over first estimates; written by `make calibrate`."""',
    "",
    "from planner.costs import Costs, measured",
    "",
    "TABLE = Costs(",
    "    # CPU, wall time, peak memory, output size; the wall time that nine of ten runs stay below",
    "    factors={",
)
_TAIL = ("    }", ")  # fmt: skip")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="media-pipeline-calibrate-") as folder:
        jobs = Jobs(Path(folder), tools.find(settings.current()))
        samples = []
        for number, spec in enumerate([*jobs.table()] * _ROUNDS, 1):
            samples += jobs.run(spec)
            print(f"\r{number} jobs", end="", file=sys.stderr, flush=True)
    factors = learn(samples, Costs())
    write(factors)
    told = errors(samples, Costs(factors=factors), Costs())
    print(
        f"\n{len(samples)} steps, {len(factors)} classes, median error {statistics.median(told):.0%}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
