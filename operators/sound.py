"""Sound: layouts by channel count, exact lengths, silence."""

from fractions import Fraction

from operators.filtergraph import Expression, Filter, Value
from operators.media import AudioStream

_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_LOWER = 0.707107  # by 3 dB
_WITHOUT_CENTRE = ("stereo", "2.1", "quad", "quad(side)", "downmix")
# two frames of MP3: less may be how a container rounds or a recorder jitters
_GAP_S = 0.05
_WITHOUT_GAPS: dict[str, Value] = {"async": 1, "min_hard_comp": _GAP_S}
_IN_TIME: dict[str, Value] = {**_WITHOUT_GAPS, "first_pts": 0}


def layout_of(audio: AudioStream) -> str:
    """The channel layout, or the usual one of that many channels."""
    named = audio.channel_layout
    if named and "channels" not in named:
        return named
    return usual_layout(audio.channels)


def usual_layout(channels: int) -> str:
    """What FFmpeg takes so many channels for where nothing else is said."""
    return _LAYOUTS.get(channels, "stereo")


def laid_out(source: AudioStream, layout: str) -> tuple[Filter, ...]:
    """Filters that bring sound to another layout at one level, whatever the samples are stored as.

    One channel is heard from both sides as loud as it is. Many become few by the coefficients of
    ITU-R BS.775 (centre and surround 3 dB lower, no LFE), scaled so that nothing can clip: stereo to
    mono is half of each side, 5.1 to stereo is 0.414, 0.293 and 0.293.
    """
    return (*_both_sides(source, layout), *in_form(layout))


def in_form(layout: str, sample_rate: int | None = None) -> tuple[Filter, ...]:
    """Filters that mix any sound to a layout, and bring it to a rate if one is given."""
    return (
        # without a limit, float sound keeps coefficients whose sum is above 1
        Filter.of("aresample", rematrix_maxval=1),
        Filter.of("aformat", sample_rates=sample_rate, channel_layouts=layout),
    )


def whichever_comes(layout: str, sample_rate: int) -> tuple[Filter, ...]:
    """The same for sound whose channels may change on the way: as stereo, each stretch is as loud as
    `laid_out` makes sound that has its channels from the beginning."""
    if layout != "stereo":
        return in_form(layout, sample_rate)
    sides = (
        f"{side}<{side}+{_LOWER}FC+{_LOWER}B{side[1]}+{_LOWER}S{side[1]}" for side in ("FL", "FR")
    )  # <: in parts of what there is of these channels, so that nothing can clip
    return (
        Filter.of("pan", args=Expression("|".join((layout, *sides)))),
        Filter.of("aformat", sample_rates=sample_rate, channel_layouts=layout),
    )


def _both_sides(source: AudioStream, layout: str) -> tuple[Filter, ...]:
    """One channel on two sides: FFmpeg would take 3 dB off each."""
    if source.channels != 1 or layout not in _WITHOUT_CENTRE:
        return ()
    return (Filter.of("pan", args=Expression(f"{layout}|FL=c0|FR=c0")),)


def samples_in(seconds: Fraction, audio: AudioStream) -> int:
    return max(1, round(seconds * audio.sample_rate))


def in_time(from_start: bool) -> Filter:
    """The filter that puts silence where samples are missing: behind it a sample's place tells its
    time, for all that counts samples and knows no timestamps. `from_start`: also before the first.

    FFmpeg begins anew with its filters where the rate or the channels of a stream change; then
    silence before the first would be there again.
    """
    return Filter.of("aresample", **(_IN_TIME if from_start else _WITHOUT_GAPS))


def alike(audio: AudioStream, source: AudioStream) -> tuple[Filter, ...]:
    """Filters that bring `source` to the rate and layout of `audio`, gaps and late starts filled."""
    timed = dict(_IN_TIME)
    if source.channels != audio.channels or layout_of(source) != layout_of(audio):
        timed["rematrix_maxval"] = 1  # as in `laid_out`
    return (
        *_both_sides(source, layout_of(audio)),
        Filter.of("aresample", sample_rate=audio.sample_rate, **timed),
        Filter.of(
            "aformat",
            sample_fmts="fltp",
            sample_rates=audio.sample_rate,
            channel_layouts=layout_of(audio),
        ),
    )


def lasting(seconds: Fraction, audio: AudioStream) -> tuple[Filter, ...]:
    """Filters that cut or fill sound to a length, exact to the sample."""
    count = samples_in(seconds, audio)
    # apad last: it knows when the stream ends, which a concat behind it must be told; atrim does not
    return Filter.of("atrim", end_sample=count), Filter.of("apad", whole_len=count)


ENDLESS = Filter.of("apad")
"""For the first input of `summed`: FFmpeg 5 drops what it holds of that one when it ends before
the others are there."""


def summed(
    count: int, seconds: Fraction | None, audio: AudioStream, **more: Value | None
) -> tuple[Filter, ...]:
    """Filters that add `count` inputs. With a length the first of them must be `ENDLESS`."""
    # normalize=0: amix would divide by the number of inputs, and again when one ends
    mix = Filter.of("amix", inputs=count, normalize=0, dropout_transition=0, **more)
    if seconds is None:
        return (mix,)
    return mix, Filter.of("atrim", end_sample=samples_in(seconds, audio))


def silence(seconds: Fraction, audio: AudioStream) -> tuple[Filter, ...]:
    """A source of silence like `audio`."""
    return (
        Filter.of("anullsrc", r=audio.sample_rate, cl=layout_of(audio)),
        *lasting(seconds, audio),
        Filter.of("aformat", sample_fmts="fltp"),
    )


def metered(name: str) -> tuple[Filter, ...]:
    """Filters that log the highest peak as `[astats@name`, at level info, when the sound ends."""
    return (
        # integer samples would be clipped before they are measured
        Filter.of("aformat", sample_fmts=Expression("fltp|flt|dblp|dbl")),
        Filter.of(f"astats@{name}", measure_perchannel="none", measure_overall="Peak_level"),
    )


def decibels(gain_db: float) -> float:
    """A factor for amplitudes: 6.02 dB is 2."""
    return float(10 ** (gain_db / 20))
