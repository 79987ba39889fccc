"""Which streams a reference carries, and what a decoder makes of an input."""

from dataclasses import dataclass, replace

from operators.colorimetry import stated
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
    picked = [(kind, index) for kind in kinds for index in _tracks(info, kind, reference.track)]
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


def _tracks(info: MediaInfo, kind: Kind, asked: int | None) -> list[int]:
    """The tracks of a kind that a reference carries: what cannot be decoded must be asked for."""
    streams = info.streams(kind)
    if asked is not None:
        return [asked] if asked < len(streams) else []
    able = [index for index, stream in enumerate(streams) if stream.is_decodable]
    able = able or list(range(len(streams)))
    return able if kind is Kind.AUDIO else able[:1]


def describe(info: MediaInfo, name: str) -> str:
    """What there is, in words: `"a" has 1 picture and no sound`."""
    pictures, tracks = len(info.video), len(info.audio)
    seen = f"{pictures} video stream{'s' * (pictures != 1)}" if pictures else "no video"
    heard = f"{tracks} audio track{'s' * (tracks != 1)}" if tracks else "no audio"
    return f'"{name}" has {seen} and {heard}'


def stood_up(info: MediaInfo) -> MediaInfo:
    """A file as a decoder hands it over, its colours as players take them."""
    return replace(info, video=tuple(stated(stream.upright()) for stream in info.video))


def decoded(info: MediaInfo, given: InputSpec) -> MediaInfo:
    """An input as filters see it: upright, cut to `start_offset` and `duration`.

    Raises: BadParameters where nothing of it is left.
    """
    info = stood_up(info)
    # there is nothing to skip in a still
    is_whole = given.cut is None or (info.is_still and given.duration is None)
    return info if is_whole or given.cut is None else given.cut.infer([info])
