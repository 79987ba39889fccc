"""Test media, rendered on demand, and measurements by FFmpeg itself."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from array import array
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from app.engine.tools import Tools
from operators.loudness import Loudness, read_summary
from tests.helpers.pace import scaled

_DECODE_S = 120.0


def cache_folder() -> Path:
    """Where rendered media of all checkouts of this machine are kept; safe to remove at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "media-pipeline", "test-media")


@dataclass(frozen=True, kw_only=True)
class Media:
    """Renders clips into `folder`, each once per machine, and measures any file."""

    binaries: Tools
    folder: Path
    names: dict[str, str] = field(default_factory=dict)
    """What has which name: several clips may be given one, and all but the first get folders."""

    def clip(
        self,
        name: str = "clip.mp4",
        *,
        seconds: float = 4,
        fps: str = "30",
        size: str = "320x240",
        has_audio: bool = True,
        extra: tuple[str, ...] = (),
    ) -> Path:
        """A moving picture whose every frame differs, with a tone whose pitch rises."""
        inputs = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={fps}:duration={seconds}"]
        if has_audio:
            tone = f"aevalsrc='0.4*sin(2*PI*(300+100*t)*t)':s=48000:d={seconds}"
            inputs += ["-f", "lavfi", "-i", tone]
        encoder = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
        return self.made(name, *inputs, *encoder, *extra)

    def sound(self, name: str, source: str) -> Path:
        """Sound that a lavfi source makes."""
        return self.made(name, "-f", "lavfi", "-i", source)

    def made(self, name: str, *words: str, source: Path | None = None) -> Path:
        """What FFmpeg writes when it is given these words; `source` is the file that they name, if any.

        Rendered once per machine: kept under the hash of all that the result depends on.
        """
        told = "\0".join((self.binaries.version, name, *words))
        if source:
            told = told.replace(str(source), hashlib.sha256(source.read_bytes()).hexdigest())
        key = hashlib.sha256(told.encode()).hexdigest()

        is_first = self.names.setdefault(name, key) == key
        path = self.folder / (name if is_first else f"{key[:16]}/{name}")
        if not path.exists():
            kept = cache_folder() / key / name
            if not kept.exists():
                self._render(kept, words)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(kept, path)  # tests may harm theirs
        return path

    def _render(self, kept: Path, words: tuple[str, ...]) -> None:
        """Two processes may do this at once."""
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            fresh = Path(folder, kept.name)
            self.ffmpeg(*words, str(fresh))
            keep(fresh, kept)

    def frames(self, path: Path) -> list[str]:
        """Time and hash of every decoded frame of the first picture."""
        command = [
            self.binaries.ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", "-map", "0:v:0",
            "-fps_mode", "passthrough", "-f", "framemd5", "-",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=True, timeout=scaled(_DECODE_S))
        lines = [line.split(",") for line in done.stdout.decode().splitlines() if line[0] != "#"]
        return [f"{line[2].strip()} {line[5].strip()}" for line in lines]

    def samples(self, path: Path, track: int = 0) -> "array[int]":
        """The samples of a track, 16 bits each, channels in turn."""
        command = [
            self.binaries.ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}",
            "-map", f"0:a:{track}", "-f", "s16le", "-",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=True, timeout=scaled(_DECODE_S))
        return array("h", done.stdout)

    def raw(self, path: Path, form: str, *filters: str) -> bytes:
        """All frames of the first picture in a pixel format."""
        chain = ["-vf", ",".join(filters)] if filters else []
        command = [
            self.binaries.ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", "-map", "0:v:0",
            *chain, "-fps_mode", "passthrough", "-pix_fmt", form, "-f", "rawvideo", "-",
        ]  # fmt: skip
        return subprocess.run(
            command, capture_output=True, check=True, timeout=scaled(_DECODE_S)
        ).stdout

    def ffmpeg(self, *words: str) -> str:
        """Run FFmpeg; its stderr. Raises CalledProcessError."""
        command = [self.binaries.ffmpeg, "-hide_banner", "-nostdin", "-y", *words]
        done = subprocess.run(command, capture_output=True, check=True, timeout=scaled(_DECODE_S))
        return done.stderr.decode(errors="replace")

    def probe(self, path: Path, *what: str) -> dict[str, Any]:
        command = [self.binaries.ffprobe, "-v", "error", *what, "-of", "json", f"file:{path}"]
        done = subprocess.run(command, capture_output=True, check=True, timeout=scaled(_DECODE_S))
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def streams(self, path: Path) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.probe(path, "-show_streams")["streams"]
        return found

    def timestamps(self, path: Path, kind: str = "v") -> list[Fraction]:
        """The presentation times of all packets of a kind, in order."""
        shown = self.probe(path, "-select_streams", kind, "-show_entries", "packet=pts_time")
        return sorted(Fraction(p["pts_time"]) for p in shown["packets"] if "pts_time" in p)

    def frame_hashes(self, path: Path, *filters: str) -> list[str]:
        """MD5 of every decoded frame of the first picture."""
        chain = ["-vf", ",".join(filters)] if filters else []
        command = [
            self.binaries.ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", "-map", "0:v:0",
            *chain, "-fps_mode", "passthrough", "-f", "framemd5", "-",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=True, timeout=scaled(_DECODE_S))
        lines = done.stdout.decode().splitlines()
        return [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]

    def decoded_seconds(self, path: Path, kind: str) -> Fraction:
        """How long a stream really is, by decoding it."""
        command = [
            self.binaries.ffprobe, "-v", "error", "-select_streams", f"{kind}:0",
            "-show_entries", "frame=nb_samples,duration_time,pkt_duration_time", "-of", "json", f"file:{path}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=True, timeout=scaled(_DECODE_S))
        frames = json.loads(done.stdout)["frames"]
        rate = int(next(s for s in self.streams(path) if s["codec_type"] == "audio")["sample_rate"])
        return Fraction(sum(int(frame["nb_samples"]) for frame in frames), rate)

    def tone_time(self, path: Path, at: float = 0) -> float:
        """When a clip's sound at `at` seconds was recorded, told by the pitch of its tone.

        The tone is sin(2π(300+100t)t), so the pitch at time t is 300+200t: count its zero crossings.
        """
        command = [
            self.binaries.ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", "-map", "0:a:0",
            "-ac", "1", "-ar", "48000", "-ss", str(at), "-t", "0.2", "-f", "s16le", "-",
        ]  # fmt: skip
        raw = subprocess.run(
            command, capture_output=True, check=True, timeout=scaled(_DECODE_S)
        ).stdout
        samples = array("h", raw)
        rises = [
            n - samples[n] / (samples[n] - samples[n - 1])
            for n in range(1, len(samples))
            if samples[n - 1] < 0 <= samples[n]
        ]
        middle = (rises[0] + rises[-1]) / 2 / 48000
        pitch = (len(rises) - 1) / ((rises[-1] - rises[0]) / 48000)
        return (pitch - 300) / 200 - middle

    def loudness(self, path: Path, track: int = 0) -> Loudness:
        """Integrated loudness, range and true peak, by ebur128."""
        meter = f"[0:a:{track}]ebur128=peak=true:framelog=verbose[x]"
        words = ("-i", str(path), "-filter_complex", meter, "-map", "[x]", "-f", "null", "-")
        found = read_summary(self.ffmpeg(*words).splitlines())
        assert found is not None
        return found

    def psnr(self, one: Path, other: Path, form: str | None = None) -> float:
        """The PSNR between two pictures of one size, in dB; compared in a pixel format."""
        graph = f"[0]format={form}[a];[1]format={form}[b];[a][b]psnr" if form else "psnr"
        said = self.ffmpeg("-i", str(one), "-i", str(other), "-lavfi", graph, "-f", "null", "-")
        text = said.rpartition("average:")[2].split()[0]
        return 100.0 if text == "inf" else float(text)


def keep(fresh: Path, kept: Path) -> None:
    """Let a file appear whole, unless it is there already: somebody may have opened that one, and a
    sandbox lets in the file that it was told of, not another one of its name."""
    with suppress(FileExistsError):
        os.link(fresh, kept)
