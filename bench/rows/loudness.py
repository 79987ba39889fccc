"""Row 5: ten files brought to one loudness, against ffmpeg-normalize."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.bench import Bench, run
from bench.figure import Figure, in_turn, ratio
from tests.helpers.specs import job, op

_FILES, _ROUNDS = 10, 1
_LUFS, _PEAK = -16.0, -1.5


def measure(bench: Bench) -> Iterator[Figure]:
    sources = [_source(bench, number) for number in range(_FILES)]
    ours, theirs = bench.empty("ours"), bench.empty("theirs")
    specs = [
        job(source, op("loudnorm", "src", "even", target_lufs=_LUFS, target_tp=_PEAK), even=ours / f"{source.stem}.m4a")
        for source in sources
    ]  # fmt: skip
    with bench.service() as service:
        run(service, specs[0])
        took = in_turn(
            _ROUNDS,
            ours=lambda: run(service, *specs),
            theirs=lambda: _normalize(bench, sources, theirs),
        )
    errors = {folder.name: _worst(bench, folder) for folder in (ours, theirs)}
    yield Figure(
        name=f"loudness of {_FILES} files, against ffmpeg-normalize", value=ratio(took["ours"], took["theirs"]),
        limit=1, unit="×", shown=f"{min(took['ours']):.1f} s, theirs {min(took['theirs']):.1f} s", data=took,
    )  # fmt: skip
    yield Figure(
        name="farthest from the target, theirs as the limit", value=errors["ours"], limit=errors["theirs"], unit="LU", data=errors,
    )  # fmt: skip


def _source(bench: Bench, number: int) -> Path:
    """Half a minute of noise that swells and fades like speech, each file at a level of its own."""
    gain = 0.02 * 1.4**number
    sound = f"anoisesrc=a={gain:.4f}:c=pink:r=48000:d=30:seed={number},tremolo=f={0.3 + number / 5}:d=0.8"
    return bench.media.sound(f"level{number}.wav", sound)


def _normalize(bench: Bench, sources: list[Path], out: Path) -> None:
    subprocess.run(
        [
            sys.executable, "-m", "ffmpeg_normalize", *map(str, sources), "-nt", "ebu", "-t", str(_LUFS), "-tp", str(_PEAK),
            "-lrt", "50", "-ar", "48000", "-c:a", "aac", "-ext", "m4a", "-of", str(out), "-f",
        ],
        env={**os.environ, "FFMPEG_PATH": bench.binaries.ffmpeg}, capture_output=True, check=True,
    )  # fmt: skip


def _worst(bench: Bench, folder: Path) -> float:
    found = [abs(bench.media.loudness(path).integrated - _LUFS) for path in folder.glob("*.m4a")]
    assert len(found) == _FILES
    return max(found)
