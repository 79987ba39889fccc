"""`combine`: the picture of one input with the sound of others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from operators.contract import (
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    bad_parameter,
    needs,
)
from operators.filtergraph import Filter, Link, Pad
from operators.media import AudioStream, Kind, MediaInfo
from operators.parameters import Enum
from operators.picture import STILL_RATE, held, held_ms
from operators.reading import param
from operators.registry import register

_SLACK_MS = 50


@register
@dataclass(frozen=True, kw_only=True)
class Combine(Operator):
    """Put the picture of the first input and the audio tracks of the others into one programme.
    Streams are only re-arranged: what nothing else changes is copied.

    A still as the first input is shown for as long as the sound lasts.
    """

    name: ClassVar[str] = "combine"
    category: ClassVar[Category] = Category.TIMELINE
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="A new sound track", params={}),
        Example(description="Cut to the shorter of the two", params={"duration": "shortest"}),
    )

    duration: str = param(
        Enum(values=("longest", "shortest", "first")),
        "longest: nothing is cut; shortest: all end with the shortest; first: all end with the picture",
        default="longest",
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO], [Kind.AUDIO], max_inputs=33)

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        first, heard = sources[0], self._tracks(sources)
        lengths = [length for _, _, _, length in heard]
        video = first.video[0]
        if video.frame_count:
            if None in lengths:
                raise bad_parameter("", "it is not known how long the sound lasts")
            shown = held_ms(Fraction(max(length or 0 for length in lengths), 1000))
            video = replace(
                video, duration_ms=shown, frame_count=None, frame_rate=STILL_RATE,
                nominal_frame_rate=STILL_RATE, start_ms=0,
            )  # fmt: skip
        limit = self._limit(sources)
        if limit is not None and (video.duration_ms or 0) > limit + _SLACK_MS:
            video = replace(video, duration_ms=limit, bitrate_bps=None)
        audio = tuple(
            replace(
                track,
                start_ms=track.start_ms - source.start_ms + first.start_ms,
                duration_ms=limit if _is_longer(length, limit) else length,
            )
            for source, _, track, length in heard
        )
        ends = [s.duration_ms for s in (video, *audio)]
        return replace(
            first,
            video=(video,),
            audio=audio,
            duration_ms=None if None in ends else max(end or 0 for end in ends),
            duration_is_exact=all(source.duration_is_exact for source in sources),
            bitrate_bps=None,
        )

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return Estimates()

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        limit = self._limit(sources)
        end = None if limit is None else Fraction(limit, 1000)
        video = sources[0].video[0]
        filters: tuple[Filter, ...] = ()
        if video.frame_count:
            filters = held(Fraction(result.video[0].duration_ms or 0, 1000))
        elif _is_longer(video.duration_ms, limit):
            filters = (Filter.of("trim", end=end),)
        links = [Link(inputs=(Pad(Kind.VIDEO),), filters=filters, outputs=(Pad(Kind.VIDEO),))]
        for number, (_, pad, _, length) in enumerate(self._tracks(sources)):
            cut = (Filter.of("atrim", end=end),) if _is_longer(length, limit) else ()
            links.append(Link(inputs=(pad,), filters=cut, outputs=(Pad(Kind.AUDIO, number),)))
        return tuple(links)

    def _tracks(
        self, sources: Sequence[MediaInfo]
    ) -> list[tuple[MediaInfo, Pad, AudioStream, int | None]]:
        """Every audio track of the further inputs: its source, pad, description and length."""
        return [
            (
                source,
                Pad(Kind.AUDIO, track, n),
                audio,
                audio.duration_ms if audio.duration_ms is not None else source.duration_ms,
            )
            for n, source in enumerate(sources)
            if n
            for track, audio in enumerate(source.audio)
        ]

    def _limit(self, sources: Sequence[MediaInfo]) -> int | None:
        """Where everything ends, in ms; None: nowhere."""
        video = sources[0].video[0]
        shown = None if video.frame_count else video.duration_ms or sources[0].duration_ms
        if self.duration == "first":
            return shown
        if self.duration == "longest":
            return None
        lengths = [shown, *(length for _, _, _, length in self._tracks(sources))]
        return min((length for length in lengths if length is not None), default=None)


def _is_longer(length: int | None, limit: int | None) -> bool:
    return limit is not None and (length is None or length > limit + _SLACK_MS)
