"""Which streams a reference carries, and what a decoder makes of an input."""

from dataclasses import dataclass, replace

from operators.media import FLOWING, Kind, MediaInfo
from operators.problem import Code, Problem
from planner.spec import InputSpec, Reference


@dataclass(frozen=True, kw_only=True)
class Selection:
    """`info` holds the chosen streams; `picked` says which of the source's each one is."""

    info: MediaInfo
    picked: tuple[tuple[Kind, int], ...]


def select(info: MediaInfo, reference: Reference, at: str) -> Selection | Problem:
    """The streams of a reference: first picture and all sound, one kind, or one track of it."""
    kinds = [reference.kind] if reference.kind else list(FLOWING)
    picked = [
        (kind, index)
        for kind in kinds
        for index in range(len(info.streams(kind)))
        if (kind is Kind.AUDIO or index == 0 or reference.track is not None)
        and reference.track in (None, index)
    ]
    if not picked and not (info.subtitles and reference.kind is None):
        return Problem(
            code=Code.INVALID_REFERENCE,
            pointer=at,
            message=f'"{reference}" carries nothing: {describe(info, reference.id)}',
        )
    chosen = {kind: [index for k, index in picked if k is kind] for kind in FLOWING}
    return Selection(
        info=replace(
            info,
            video=tuple(info.video[index] for index in chosen[Kind.VIDEO]),
            audio=tuple(info.audio[index] for index in chosen[Kind.AUDIO]),
        ),
        picked=tuple(picked),
    )


def describe(info: MediaInfo, name: str) -> str:
    """What there is, in words: `"a" has 1 picture and no sound`."""
    pictures, tracks = len(info.video), len(info.audio)
    seen = f"{pictures} video stream{'s' * (pictures != 1)}" if pictures else "no video"
    heard = f"{tracks} audio track{'s' * (tracks != 1)}" if tracks else "no audio"
    return f'"{name}" has {seen} and {heard}'


def stood_up(info: MediaInfo) -> MediaInfo:
    """A file as a decoder hands it over."""
    return replace(info, video=tuple(stream.upright() for stream in info.video))


def decoded(info: MediaInfo, given: InputSpec) -> MediaInfo:
    """An input as filters see it: upright, cut to `start_offset` and `duration`.

    Raises: BadParameters where nothing of it is left.
    """
    info = stood_up(info)
    # there is nothing to skip in a still
    is_whole = given.cut is None or (info.is_still and given.duration is None)
    return info if is_whole or given.cut is None else given.cut.infer([info])
