"""Row 13: sixteen encodes of one thread each, on one worker and on two."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.bench import Bench, run
from bench.figure import Figure, seconds
from tests.helpers.specs import job

_ENCODES = 16
_LEAST = 1.85


def measure(bench: Bench) -> Iterator[Figure]:
    source = bench.media.sound("long.wav", "anoisesrc=a=0.3:c=pink:r=48000:d=60")
    out = bench.empty("ours")
    specs = [job(source, src=out / f"{number}.m4a") for number in range(_ENCODES)]
    took = {}
    for workers in (1, 2):
        with bench.service(workers=workers, MEDIA_SLOTS="1", FFMPEG_THREADS="1") as service:
            run(service, *specs[:workers])
            took[workers] = seconds(lambda: run(service, *specs))
    yield Figure(
        name=f"{_ENCODES} encodes, two workers against one: faster", value=took[1] / took[2], limit=_LEAST, unit="×",
        is_most=False, shown=f"the same commands without us {_bare(bench, source, out):.2f} ×",
        data={"by_workers": [[1, took[1]], [2, took[2]]]},
    )  # fmt: skip


def _bare(bench: Bench, source: Path, out: Path) -> float:
    """What two at once gain on this machine where nobody manages them."""

    def encode(number: int) -> "subprocess.Popen[bytes]":
        words = [bench.binaries.ffmpeg, "-v", "error", "-y", "-i", str(source), "-c:a", "aac", "-threads", "1"]  # fmt: skip
        return subprocess.Popen([*words, str(out / f"bare{number}.m4a")], stdin=subprocess.DEVNULL)

    def both() -> None:
        for child in [encode(0), encode(1)]:
            child.wait()

    one = seconds(lambda: encode(0).wait())
    return 2 * one / seconds(both)
