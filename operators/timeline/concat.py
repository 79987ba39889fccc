"""`concat`: one after the other, copied where the inputs are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import ClassVar

from operators.contract import (
    Category,
    Estimates,
    Example,
    Joint,
    Operator,
    Requirements,
    bad_parameter,
    filter_cost,
    first_audio_only,
    needs,
    remark,
)
from operators.filtergraph import Filter, Link, Pad, inner
from operators.media import FLOWING, Kind, MediaInfo
from operators.parameters import Enum, FrameRate, Int
from operators.picture import LARGEST
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.segments import Mould, assembled, length_of, mould, segment_links

_VIDEO_TRAITS = (
    "codec", "profile", "width", "height", "sar", "rotation", "pixel_format", "nominal_frame_rate",
    "color_range", "color_space", "color_transfer", "extradata_md5",
)  # fmt: skip
_AUDIO_TRAITS = ("codec", "sample_rate", "channels", "channel_layout", "extradata_md5")
_TOGETHER_MS = 100
_WITHOUT_DELAY = ("flac", "alac", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_s16be")


@register
@dataclass(frozen=True, kw_only=True)
class Concat(Operator):
    """Join inputs one after the other. Where all of them are files of the same make, their packets
    are copied and nothing is encoded; otherwise each is brought to the size, frame rate, pixel format,
    sample rate and layout of the first, a missing picture is black and missing sound is silent.

    The plan says which way was taken, and why. Every segment's sound is made as long as its picture,
    so that nothing drifts.
    """

    name: ClassVar[str] = "concat"
    category: ClassVar[Category] = Category.TIMELINE
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="Intro, main part, credits", params={}),
        Example(
            description="Clips from different phones as one 1080p video",
            params={"width": 1920, "height": 1080, "fps": 30},
        ),
    )

    mode: str = param(
        Enum(values=("auto", "copy", "reencode")),
        "auto: copy when the inputs are alike; copy: insist on it; reencode: never copy",
        default="auto",
    )
    width: int | None = param(
        Int(min=2, max=LARGEST.width, multiple_of=2),
        "Pixels across; unset: the first's",
        default=None,
    )
    height: int | None = param(
        Int(min=2, max=LARGEST.height, multiple_of=2),
        "Pixels down; unset: the first's",
        default=None,
    )
    fps: Fraction | None = param(FrameRate(), "Frame rate; unset: the first's", default=None)

    @classmethod
    def requires(cls) -> Requirements:
        return needs([], [], max_inputs=500)

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        difference = self._difference(sources)
        if self.mode == "copy" and difference:
            raise bad_parameter("mode", f"the inputs cannot be copied: {difference}", "Use auto.")
        shape = self._mould(sources)
        return assembled(sources, shape, sum(self._lengths(sources, shape), Fraction(0)))

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.05, memory_mb=40 + 10 * len(sources))

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        shape = self._mould(sources)
        kinds = [
            kind for kind, has in ((Kind.VIDEO, shape.video), (Kind.AUDIO, shape.audio)) if has
        ]
        # segments are exactly as long in both kinds, so each kind is joined on its own
        lengths = self._lengths(sources, shape)
        begins = list(accumulate(lengths[:-1], initial=Fraction(0)))
        joints = tuple(
            Link(
                inputs=tuple(inner(kind, n) for n in range(len(sources))),
                filters=(Filter.of("concat", n=len(sources), v=int(is_seen), a=int(not is_seen)),),
                outputs=(Pad(kind),),
                ahead=tuple(-begin for begin in begins),
            )
            for kind in kinds
            for is_seen in (kind is Kind.VIDEO,)
        )
        return (*segment_links(sources, shape, lengths), *joints)

    def joint(self, sources: Sequence[MediaInfo]) -> Joint | None:
        if self.mode == "reencode" or self._difference(sources):
            return None
        kinds = frozenset(FLOWING) if self.mode == "copy" else frozenset(_copied(sources[0]))
        return Joint(kinds=kinds, seconds=tuple(self._lengths(sources, self._mould(sources))))

    def choice(self, sources: Sequence[MediaInfo]) -> str | None:
        if self.mode == "reencode":
            return "concat encodes anew, as asked"
        difference = self._difference(sources)
        if difference:
            return f"concat encodes anew: {difference}"
        if self.mode == "auto" and sources[0].audio and Kind.AUDIO not in _copied(sources[0]):
            codec = sources[0].audio[0].codec
            return (
                f"concat: the inputs are alike; {codec} sound is joined exactly by encoding it anew"
            )
        return "concat: the inputs are alike, their packets are copied"

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        found = first_audio_only("concat", sources)
        if self.mode == "copy" and sources[0].audio and Kind.AUDIO not in _copied(sources[0]):
            codec = sources[0].audio[0].codec
            said = f"each join of copied {codec} moves the sound by some 20 ms; auto is exact"
            return (*found, remark("mode", said))
        return found

    def _mould(self, sources: Sequence[MediaInfo]) -> Mould:
        return mould(sources, self.width, self.height, self.fps)

    def _lengths(self, sources: Sequence[MediaInfo], shape: Mould) -> list[Fraction]:
        return [length_of(source, shape, n) for n, source in enumerate(sources)]

    def _difference(self, sources: Sequence[MediaInfo]) -> str | None:
        """Why packets cannot simply follow each other; None where they can."""
        if self.width or self.height or self.fps:
            return "a size or frame rate is asked for"
        first = sources[0]
        for n, other in enumerate(sources):
            found = _unlike(first, other)
            if found:
                return f"input {n} {found}"
        return None


def _copied(source: MediaInfo) -> set[Kind]:
    """The kinds that join without a seam. Codecs with an encoder delay do not: FFmpeg keeps the
    lead-in samples of every file but plays them only where the first begins."""
    return {
        kind
        for kind in FLOWING
        if kind is Kind.VIDEO or all(a.codec in _WITHOUT_DELAY for a in source.audio)
    }


def _unlike(first: MediaInfo, other: MediaInfo) -> str | None:
    if not other.format or other.format != first.format or not other.duration_is_exact:
        return (
            f"is {other.format or 'no file'}"
            if other.format != first.format
            else "has no sure length"
        )
    if len(other.video) != len(first.video) or len(other.audio) != len(first.audio):
        return "has other streams than the first"
    pairs = [
        (mine, its, traits)
        for mine, its, traits in (
            *((m, i, _VIDEO_TRAITS) for m, i in zip(first.video, other.video, strict=True)),
            *((m, i, _AUDIO_TRAITS) for m, i in zip(first.audio, other.audio, strict=True)),
        )
    ]
    for mine, its, traits in pairs:
        for trait in traits:
            if getattr(mine, trait) != getattr(its, trait):
                word = trait.replace("_", " ")
                return f"has {word} {getattr(its, trait)} instead of {getattr(mine, trait)}"
    streams = (*other.video, *other.audio)
    if any(v.rotation for v in other.video):
        return "is turned by its display matrix"
    if any(v.is_vfr or v.frame_count for v in other.video):
        return "has frames at no constant rate"
    ends = [s.duration_ms for s in streams]
    if None in ends or max(e or 0 for e in ends) - min(e or 0 for e in ends) > _TOGETHER_MS:
        return "has picture and sound of different lengths"
    if any(s.start_ms - other.start_ms > _TOGETHER_MS for s in streams):
        return "has a stream that begins late"
    return None
