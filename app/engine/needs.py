"""What the commands that we write need of an FFmpeg, and what a given one lacks."""

import tempfile
from collections.abc import Set

from app.engine import process
from app.engine.tools import Tools
from planner.codecs import ENCODERS

FILTERS = frozenset(
    "acrossfade afade aformat alimiter aloop amerge amix anull anullsink anullsrc apad aresample asetpts asplit"
    " ass astats atrim bwdif color colorchannelmixer concat crop drawtext ebur128 fade fillborders format fps hflip loop lut"
    " null nullsink overlay pad palettegen paletteuse pan premultiply rotate scale setfield setparams setpts setsar settb"
    " showwavespic sidechaincompress split tile tonemap tpad transpose trim vflip volume xfade zscale".split()
)


def lacks_filters(tools: Tools) -> list[str]:
    """Names of filters without which some operators cannot run."""
    return sorted(FILTERS - _listed(tools, "-filters"))


def lacks_encoders(tools: Tools) -> list[str]:
    """Names of encoders that jobs may ask for."""
    return sorted({encoder.name for encoder in ENCODERS} - _listed(tools, "-encoders"))


def _listed(tools: Tools, what: str) -> Set[str]:
    """FFmpeg's lists have flags in the first column and the name in the second."""
    outcome = process.run(
        [tools.ffmpeg, "-hide_banner", what], cwd=tempfile.gettempdir(), timeout_s=20, capture=True
    )
    lines = outcome.stdout.decode("utf-8", "replace").splitlines()
    return {words[1] for line in lines if len(words := line.split()) > 1}
