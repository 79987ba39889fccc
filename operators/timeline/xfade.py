"""`xfade`: one programme dissolves into the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

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
)
from operators.duration import format_seconds
from operators.filtergraph import Expression, Filter, Link, Pad, inner
from operators.media import Kind, MediaInfo, VideoStream
from operators.parameters import Duration, Enum
from operators.picture import frames_in
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.segments import Mould, assembled, length_of, mould, segment_links

_TRANSITIONS = tuple(
    """fade fadeblack fadewhite fadegrays dissolve distance pixelize radial smoothleft smoothright
    smoothup smoothdown wipeleft wiperight wipeup wipedown slideleft slideright slideup slidedown
    circlecrop rectcrop circleopen circleclose horzopen horzclose vertopen vertclose diagbl diagbr
    diagtl diagtr hlslice hrslice vuslice vdslice hblur wipetl wipetr wipebl wipebr squeezeh squeezev
    zoomin""".split()
)


@register
@dataclass(frozen=True, kw_only=True)
class Xfade(Operator):
    """Let the end of the first input pass into the beginning of the second: pictures by a
    `transition`, sound by a cross-fade. The result is as long as both together less `duration`.

    The second input is brought to the size, frame rate and sample rate of the first.
    """

    name: ClassVar[str] = "xfade"
    category: ClassVar[Category] = Category.TIMELINE
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="A dissolve of one second", params={"duration": 1}),
        Example(
            description="The new picture pushes the old one out",
            params={"transition": "slideleft", "duration": "500ms"},
        ),
    )

    transition: str = param(Enum(values=_TRANSITIONS), "How pictures change", default="fade")
    duration: Fraction = param(
        Duration(min=Fraction(1, 100), max=Fraction(60)),
        "How long both are seen",
        default=Fraction(1),
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO], [Kind.VIDEO])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        shape = mould(sources)
        overlap, lengths = self._times(sources, shape)
        if min(lengths) <= overlap:
            raise bad_parameter(
                "duration",
                f"an input lasts only {format_seconds(min(lengths), 3)} s",
                "Choose a duration shorter than both inputs.",
            )
        return assembled(sources, shape, sum(lengths) - overlap)

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.06, memory_mb=80)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        shape = mould(sources)
        overlap, lengths = self._times(sources, shape)
        links = [*segment_links(sources, shape, lengths)]
        if shape.video:
            links += self._pictures(shape.video, overlap, lengths)
        if shape.audio:
            samples = round(overlap * shape.audio.sample_rate)
            links.append(_joined(Kind.AUDIO, Filter.of("acrossfade", nb_samples=samples)))
        return tuple(links)

    def _pictures(
        self, shape: VideoStream, overlap: Fraction, lengths: Sequence[Fraction]
    ) -> tuple[Link, ...]:
        """Only the overlap goes through xfade, which works on full chroma: the frames before and
        after it stay as they are."""
        rate = shape.frame_rate or Fraction(25)
        before, both = frames_in(lengths[0] - overlap, rate), frames_in(overlap, rate)
        join = Filter.of("xfade", transition=self.transition, duration=overlap, offset=0)
        same = Filter.of("format", pix_fmts=shape.pixel_format)
        parts = [
            _part(0, 2, end_frame=before),
            _part(0, 3, start_frame=before),
            _part(1, 4, end_frame=both),
            _part(1, 5, start_frame=both),
        ]
        last = Filter.of("concat", n=3, v=1, a=0)
        return (
            *parts,
            Link(inputs=(_picture(3), _picture(4)), filters=(join, same), outputs=(_picture(6),)),
            Link(
                inputs=(_picture(2), _picture(6), _picture(5)),
                filters=(last,),
                outputs=(Pad(Kind.VIDEO),),
            ),
        )

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        return first_audio_only("xfade", sources)

    def _times(self, sources: Sequence[MediaInfo], shape: Mould) -> tuple[Fraction, list[Fraction]]:
        """The overlap in whole frames, and how long each input is."""
        rate = (shape.video.frame_rate if shape.video else None) or Fraction(25)
        lengths = [length_of(source, shape, n) for n, source in enumerate(sources)]
        return frames_in(self.duration, rate) / rate, lengths


def _picture(number: int) -> Pad:
    return inner(Kind.VIDEO, number)


def _part(source: int, target: int, **frames: int) -> Link:
    """Some frames of a segment, from 0 on."""
    cut = (Filter.of("trim", **frames), Filter.of("setpts", expr=Expression("PTS-STARTPTS")))
    return Link(inputs=(_picture(source),), filters=cut, outputs=(_picture(target),))


def _joined(kind: Kind, join: Filter) -> Link:
    return Link(inputs=(inner(kind, 0), inner(kind, 1)), filters=(join,), outputs=(Pad(kind),))
