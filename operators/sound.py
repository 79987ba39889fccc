"""Sound: layouts by channel count, exact lengths, silence."""

from fractions import Fraction

from operators.filtergraph import Filter
from operators.media import AudioStream

_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def layout_of(audio: AudioStream) -> str:
    """The channel layout, or the usual one of that many channels."""
    named = audio.channel_layout
    if named and "channels" not in named:
        return named
    return _LAYOUTS.get(audio.channels, "stereo")


def samples_in(seconds: Fraction, audio: AudioStream) -> int:
    return max(1, round(seconds * audio.sample_rate))


def alike(audio: AudioStream) -> tuple[Filter, ...]:
    """Filters that bring any sound to the rate and layout of `audio`, gaps and late starts filled."""
    return (
        # async=1: where samples are missing (a late start, a gap) there is silence, so sound keeps its time
        Filter.of("aresample", sample_rate=audio.sample_rate, **{"async": 1, "first_pts": 0}),
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


def silence(seconds: Fraction, audio: AudioStream) -> tuple[Filter, ...]:
    """A source of silence like `audio`."""
    return (
        Filter.of("anullsrc", r=audio.sample_rate, cl=layout_of(audio)),
        *lasting(seconds, audio),
        Filter.of("aformat", sample_fmts="fltp"),
    )


def decibels(gain_db: float) -> float:
    """A factor for amplitudes: 6.02 dB is 2."""
    return float(10 ** (gain_db / 20))
