"""`concat`: one after the other, copied where the inputs are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import ClassVar

from operators.capabilities import Joint, PacketJoin
from operators.contract import (
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    bad_parameter,
    filter_cost,
    first_audio_only,
    needs,
    remark,
)
from operators.filtergraph import Filter, Link, Pad, inner
from operators.joining import difference, has_delay
from operators.media import FLOWING, Kind, MediaInfo
from operators.parameters import Enum, FrameRate, Int
from operators.picture import LARGEST
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.segments import Mould, assembled, length_of, mould, segment_links


@register
@dataclass(frozen=True, kw_only=True)
class Concat(Operator, PacketJoin):
    """Join inputs one after the other. Where all of them are files of the same make, their packets
    are copied; otherwise each is brought to the size, frame rate, pixel format, sample rate and layout
    of the first, a missing picture is black and missing sound is silent.

    Every segment's sound is made as long as its picture, so that nothing drifts: sound that is not is
    encoded anew, lossless where it was, beside a picture that is copied. The plan says which way was
    taken, and why.
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
        shape = self._mould(sources)
        lengths = self._lengths(sources, shape)
        obstacle = self._obstacle(sources, lengths) if self.mode == "copy" else None
        if obstacle:
            raise bad_parameter("mode", f"the inputs cannot be copied: {obstacle}", "Use auto.")
        return assembled(sources, shape, sum(lengths, Fraction(0)))

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
        lengths = self._lengths(sources, self._mould(sources))
        if self.mode == "reencode" or self._obstacle(sources, lengths):
            return None
        kinds = {kind for kind in FLOWING if sources[0].streams(kind)}
        if self._seam(sources, lengths):
            kinds.discard(Kind.AUDIO)
        return Joint(kinds=frozenset(kinds), seconds=tuple(lengths))

    def choice(self, sources: Sequence[MediaInfo]) -> str:
        if self.mode == "reencode":
            return "concat encodes anew, as asked"
        lengths = self._lengths(sources, self._mould(sources))
        obstacle = self._obstacle(sources, lengths)
        if obstacle:
            return f"concat encodes anew: {obstacle}"
        seam = self._seam(sources, lengths)
        if seam:
            return f"concat: the pictures are alike and copied; sound is encoded anew: {seam}"
        return "concat: the inputs are alike, their packets are copied"

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        found = first_audio_only("concat", sources)
        lengths = self._lengths(sources, self._mould(sources))
        seam = _sound_seam(sources, lengths) if self.mode == "copy" else None
        if seam:
            said = f"copied sound moves by some 20 ms or more at each join: {seam}; auto is exact"
            return (*found, remark("mode", said))
        return found

    def _mould(self, sources: Sequence[MediaInfo]) -> Mould:
        return mould(sources, self.width, self.height, self.fps)

    def _lengths(self, sources: Sequence[MediaInfo], shape: Mould) -> list[Fraction]:
        return [length_of(source, shape, n) for n, source in enumerate(sources)]

    def _obstacle(self, sources: Sequence[MediaInfo], lengths: Sequence[Fraction]) -> str | None:
        """Why packets cannot follow each other at all: of the picture, or of sound alone."""
        if self.width or self.height or self.fps:
            return "a size or frame rate is asked for"
        kinds = {kind for source in sources for kind in FLOWING if source.streams(kind)}
        if self.mode == "copy":
            found = (
                difference(sources, lengths, kind, is_exact=False)
                for kind in FLOWING
                if kind in kinds
            )
            return next((why for why in found if why), None)
        if Kind.VIDEO in kinds:
            return difference(sources, lengths, Kind.VIDEO)
        return _sound_seam(sources, lengths)

    def _seam(self, sources: Sequence[MediaInfo], lengths: Sequence[Fraction]) -> str | None:
        """Why sound is encoded anew beside a picture that is copied."""
        return None if self.mode == "copy" else _sound_seam(sources, lengths)


def _sound_seam(sources: Sequence[MediaInfo], lengths: Sequence[Fraction]) -> str | None:
    """Why copied sound would not be where it belongs."""
    tracks = [track for source in sources for track in source.audio]
    coded = next((track.codec for track in tracks if has_delay(track)), None)
    found = difference(sources, lengths, Kind.AUDIO) if tracks else None
    return found or (f"{coded} has a lead-in at each join" if coded else None)
