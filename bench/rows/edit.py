"""Row 6: ten clips cut, joined, titled and put to music, against MoviePy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.engine import workspace
from bench.bench import Bench, quick, run
from bench.figure import Figure, in_turn, ratio
from tests.helpers.specs import op

_CLIPS, _ROUNDS = 10, 1
_TIMES, _PSNR_DB = 5, 40
_PEER = Path(__file__).parent.parent / "typed" / "edit_moviepy.py"
_FONT = os.path.join(workspace.FONTS, "DejaVuSans.ttf")


def measure(bench: Bench) -> Iterator[Figure]:
    for number in range(_CLIPS):
        _take(bench, number)
    title = f"color=black@0:s=140x40,format=rgba,drawtext=text=Holidays:fontfile={_FONT}:fontsize=24:fontcolor=white:x=8:y=8"
    bench.media.ffmpeg("-f", "lavfi", "-i", title, "-frames:v", "1", str(bench.folder / "title.png"))  # fmt: skip
    bench.media.sound("music.wav", "sine=frequency=220:sample_rate=48000:duration=40")
    ours, theirs = bench.empty("ours") / "edit.mp4", bench.empty("theirs") / "edit.mp4"
    spec = _spec(bench.folder, ours)
    with bench.service() as service:
        run(service, spec)
        took = in_turn(
            _ROUNDS, ours=lambda: run(service, spec), theirs=lambda: _moviepy(bench, theirs)
        )
    yield Figure(
        name=f"an edit of {_CLIPS} clips, against MoviePy: faster", value=ratio(took["theirs"], took["ours"]), limit=_TIMES,
        unit="×", is_most=False, shown=f"{min(took['ours']):.1f} s, theirs {min(took['theirs']):.1f} s", data=took,
    )  # fmt: skip
    frames = [len(bench.media.frames(path)) for path in (ours, theirs)]
    yield Figure(
        name="how alike the frames of both are", value=bench.media.psnr(ours, theirs) if frames[0] == frames[1] else 0,
        limit=_PSNR_DB, unit="dB", is_most=False, shown=f"{frames[0]} and {frames[1]} frames",
    )  # fmt: skip


def _take(bench: Bench, number: int) -> None:
    """Colours that flow, and a tone: both tools convert hard edges of colour, but not alike."""
    bench.media.ffmpeg(
        "-f", "lavfi", "-i", f"gradients=s=640x360:r=30:d=4:seed={number}:speed=0.05",
        "-f", "lavfi", "-i", f"sine=frequency={220 + 50 * number}:sample_rate=48000:duration=4",
        "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(bench.folder / f"take{number}.mp4"),
    )  # fmt: skip


def _spec(folder: Path, out: Path) -> dict[str, Any]:
    names = [f"take{number}" for number in range(_CLIPS)]
    return {
        "inputs": [
            *({"id": name, "source": f"file://{folder}/{name}.mp4"} for name in names),
            {"id": "music", "source": f"file://{folder}/music.wav"},
            {"id": "title", "source": f"file://{folder}/title.png"},
        ],
        "operations": [
            *(op("trim", name, f"{name}-cut", start=0.5, end=3.5) for name in names),
            {"op": "concat", "inputs": [f"{name}-cut" for name in names], "output": "film"},
            {"op": "overlay", "inputs": ["film", "title"], "output": "titled", "params": {"position": "custom", "x": 250, "y": 310}},
            {"op": "mix", "inputs": ["titled", "music"], "output": "edit", "params": {"duration": "first"}},
        ],
        "outputs": [{"id": "edit", **quick(out)}],
    }  # fmt: skip


def _moviepy(bench: Bench, out: Path) -> None:
    env = {**os.environ, "IMAGEIO_FFMPEG_EXE": bench.binaries.ffmpeg}
    subprocess.run(
        [sys.executable, str(_PEER), str(bench.folder), str(out.parent)], env=env, capture_output=True, check=True
    )  # fmt: skip
