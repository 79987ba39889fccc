"""What an operator shows at a time depends on as many frames around it as it says, and on no more: so
it may be done in pieces of time."""

import subprocess
from pathlib import Path

import pytest

from app.engine import probe
from app.engine.tools import Tools
from operators import registry
from operators.filtergraph import Captions, Filter, FontFile, FontFolder, TextFile
from operators.media import Kind
from tests.helpers.media import Media
from tests.helpers.pace import scaled

_FPS, _BEGIN, _END = 30, 50, 80
"""The piece: frames from and to."""
_PARAMS = {"crop": {"width": 100, "height": 80}, "fade": {"type": "out", "duration": 3}}
"""Where those of the first example would change nothing here."""
_ASSETS = (Captions, FontFile, FontFolder, TextFile)
LOCAL = sorted(
    kind.name
    for kind in registry.listed()
    if kind.looks_back is not None
    and kind.requires().needs(0) <= {Kind.VIDEO}
    and kind.requires().min_inputs == 1
)


def filters_of(name: str, path: Path, binaries: Tools) -> list[Filter]:
    kind = registry.find(name)
    assert kind is not None
    operator, _ = kind.read(_PARAMS.get(name, kind.examples[0].params), "")
    assert operator is not None
    info = probe.probe(str(path), binaries)
    links = operator.compile([info], operator.infer([info]))
    return [one for link in links if link.inputs[0].kind is Kind.VIDEO for one in link.filters]


def shown(path: Path, chain: str, binaries: Tools) -> dict[float, str]:
    """By time in seconds, the hash of the frame."""
    command = [
        binaries.ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", "-map", "0:v", "-vf", chain,
        "-fps_mode", "passthrough", "-enc_time_base", "1/90000", "-f", "framemd5", "-",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True, timeout=scaled(60), text=True)
    rows = [line.split(",") for line in done.stdout.splitlines() if not line.startswith("#")]
    return {round(int(row[2]) / 90_000, 3): row[5].strip() for row in rows}


@pytest.mark.parametrize("name", LOCAL)
def test_a_piece_shows_what_the_whole_shows(name: str, media: Media, binaries: Tools) -> None:
    kind = registry.find(name)
    assert kind is not None
    assert kind.looks_back is not None
    path = media.clip("looking.mp4", seconds=4)
    filters = filters_of(name, path, binaries)
    if any(isinstance(value, _ASSETS) for one in filters for _, value in one.options):
        pytest.skip("its filters read files that only a plan has")

    chain = ",".join(map(str, filters))
    around = kind.looks_back
    piece = f"trim=start_frame={_BEGIN - around}:end_frame={_END + around}"
    whole, part = shown(path, chain, binaries), shown(path, f"{piece},{chain}", binaries)

    def inside(frames: dict[float, str]) -> dict[float, str]:
        return {at: h for at, h in frames.items() if _BEGIN / _FPS <= at < (_END - 1) / _FPS}

    assert len(inside(whole)) > 10
    assert inside(part) == inside(whole)
