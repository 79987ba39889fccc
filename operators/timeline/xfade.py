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
from operators.media import AudioStream, Kind, MediaInfo, VideoStream
from operators.parameters import Duration, Enum
from operators.picture import frames_in
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.segments import Mould, assembled, length_of, mould, segment_links
from operators.sound import ENDLESS, samples_in, summed

# inner pads: the parts of the first input, of the second, and both at once
_FIRST, _OUT, _IN, _LAST, _BOTH = range(2, 7)
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
        assert shape.video is not None  # both inputs have a picture
        links += self._pictures(shape.video, overlap, lengths)
        if shape.audio:
            links += self._sounds(shape.audio, overlap, lengths)
        return tuple(links)

    def _pictures(
        self, shape: VideoStream, overlap: Fraction, lengths: Sequence[Fraction]
    ) -> tuple[Link, ...]:
        """Only the overlap goes through xfade, which works on full chroma: the frames before and
        after it stay as they are."""
        rate = shape.frame_rate or Fraction(25)
        before, both = frames_in(lengths[0] - overlap, rate), frames_in(overlap, rate)
        parts = (
            _part(0, _FIRST, Filter.of("trim", end_frame=before)),
            _part(0, _OUT, Filter.of("trim", start_frame=before), ahead=before / rate),
            _part(1, _IN, Filter.of("trim", end_frame=both)),
            _part(1, _LAST, Filter.of("trim", start_frame=both), ahead=both / rate),
        )
        cross = (
            Filter.of("xfade", transition=self.transition, duration=overlap, offset=0),
            Filter.of("format", pix_fmts=shape.pixel_format),
        )
        joint = Filter.of("concat", n=3, v=1, a=0)
        return (*parts, *_crossed(Kind.VIDEO, cross, joint, before / rate, both / rate))

    def _sounds(
        self, shape: AudioStream, overlap: Fraction, lengths: Sequence[Fraction]
    ) -> tuple[Link, ...]:
        """The same for sound. Not acrossfade: FFmpeg 5 ends it early when both inputs come from
        one file."""
        rate = Fraction(shape.sample_rate)
        before, both = samples_in(lengths[0] - overlap, shape), samples_in(overlap, shape)
        fade_out, fade_in = (
            Filter.of("afade", type=way, start_sample=0, nb_samples=both) for way in ("out", "in")
        )
        parts = (
            _part(0, _FIRST, Filter.of("atrim", end_sample=before)),
            _part(
                0,
                _OUT,
                Filter.of("atrim", start_sample=before),
                fade_out,
                ENDLESS,
                ahead=before / rate,
            ),
            _part(1, _IN, Filter.of("atrim", end_sample=both), fade_in),
            _part(1, _LAST, Filter.of("atrim", start_sample=both), ahead=both / rate),
        )
        cross = summed(2, overlap, shape)
        joint = Filter.of("concat", n=3, v=0, a=1)
        return (*parts, *_crossed(Kind.AUDIO, cross, joint, before / rate, both / rate))

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        return first_audio_only("xfade", sources)

    def _times(self, sources: Sequence[MediaInfo], shape: Mould) -> tuple[Fraction, list[Fraction]]:
        """The overlap in whole frames, and how long each input is."""
        rate = (shape.video.frame_rate if shape.video else None) or Fraction(25)
        lengths = [length_of(source, shape, n) for n, source in enumerate(sources)]
        return frames_in(self.duration, rate) / rate, lengths


def _part(
    source: int, target: int, cut: Filter, *more: Filter, ahead: Fraction = Fraction(0)
) -> Link:
    """Some frames or samples of a segment, from 0 on."""
    is_sound = cut.name == "atrim"
    kind = Kind.AUDIO if is_sound else Kind.VIDEO
    rebase = Filter.of("asetpts" if is_sound else "setpts", expr=Expression("PTS-STARTPTS"))
    return Link(
        inputs=(inner(kind, source),),
        filters=(cut, rebase, *more),
        outputs=(inner(kind, target),),
        ahead=(ahead,) if ahead else (),
    )


def _crossed(
    kind: Kind, cross: tuple[Filter, ...], join: Filter, before: Fraction, both: Fraction
) -> tuple[Link, ...]:
    """The two middle parts into one, and all three in a row."""
    first, out, into, last, crossed = (inner(kind, n) for n in (_FIRST, _OUT, _IN, _LAST, _BOTH))
    return (
        Link(inputs=(out, into), filters=cross, outputs=(crossed,)),
        Link(
            inputs=(first, crossed, last),
            filters=(join,),
            outputs=(Pad(kind),),
            ahead=(Fraction(0), -before, -before - both),
        ),
    )
