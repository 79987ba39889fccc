"""Whether two renderings of one job hold the same pictures and the same sound."""

from pathlib import Path

from operators.media import MediaInfo
from tests.helpers.media import Media

_ROUNDING = 2
"""What a sample of 16 bits may differ by: one way rounds floats once, the other more often."""


def difference(media: Media, one: Path, other: Path, info: MediaInfo) -> str | None:
    """How they differ, in words; `info` is what is known of the first."""
    if info.video:
        ours, theirs = media.frames(one), media.frames(other)
        if ours != theirs:
            said = f"{len(ours)} frames against {len(theirs)}"
            if [f.split()[0] for f in ours] != [f.split()[0] for f in theirs]:
                return f"{said}, at other times"
            noise = media.psnr(one, other)
            if noise < 45:
                return f"pictures differ: {noise:.1f} dB"
    for track in range(len(info.audio)):
        left, right = media.samples(one, track), media.samples(other, track)
        if len(left) != len(right):
            return f"track {track}: {len(left)} samples against {len(right)}"
        worst = max((abs(a - b) for a, b in zip(left, right, strict=True)), default=0)
        if worst > _ROUNDING:
            return f"track {track}: samples differ by up to {worst}"
    return None
