"""Does a file show and sound like a programme? Every difference, in words."""

from dataclasses import dataclass

import numpy as np

from tests.oracle.colour import difference
from tests.oracle.programme import Programme, Shown, Sound
from tests.oracle.reading import Found, Heard, cell, match, number_of
from tests.zoo import content

_FRAME_NEAR = 0.0025  # what milliseconds and 90 kHz round
_EDGE = 0.06  # of sound: codecs ring and fade there
_WINDOW = 0.25
_BLACK = 0.001
_CLEAR = 40
_LOSSLESS_DB = 0.1


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How near is near: sound in seconds and dB, colours in ΔE."""

    sound: float = 0.005
    level: float = 0.1
    colour: float = 6.0
    length: float = 0.045
    """By how much sound may end early or late: a frame of its codec."""


def verdict(found: Found, expected: Programme, bounds: Bounds) -> list[str]:
    said = _pictures(found, expected, bounds) if expected.shown else []
    if len(found.tracks) != len(expected.sounds):
        return [*said, f"{len(found.tracks)} tracks of sound instead of {len(expected.sounds)}"]
    zero = _zero(found, expected)
    for number, (heard, sound) in enumerate(zip(found.tracks, expected.sounds, strict=True)):
        said += [f"sound {number}: {one}" for one in _sound(heard, sound, zero, bounds)]
    return said


def leads(found: Found, drawn: Programme) -> tuple[float, float]:
    """How long after its beginning a file shows, and says, what was drawn for it: some containers keep
    what codecs put in front."""
    seen = heard = 0.0
    if found.times and drawn.shown:
        seen = found.times[0] - float(drawn.shown[0].at) - found.begins
    if drawn.sounds:
        wanted, begin = drawn.sounds[0].expected(0), float(drawn.sounds[0].channels[0][0].begin)
        at = found.begins + begin + _EDGE
        heard = match(
            found.tracks[0], 0, lambda t: wanted(t - found.begins), at, at + _WINDOW
        ).off_by
    return seen, heard


def _zero(found: Found, expected: Programme) -> float:
    """What the file's clock says at the beginning."""
    if found.times and expected.shown:
        return found.times[0] - float(expected.shown[0].at)
    begins = [float(p.begin) for s in expected.sounds for pieces in s.channels for p in pieces]
    starts = [t.start for t in found.tracks]
    if not begins or not starts:
        return 0.0
    # what a codec puts in front is no silence, and has been counted
    return found.begins if float(min(begins)) < _EDGE else min(starts) - float(min(begins))


def _pictures(found: Found, expected: Programme, bounds: Bounds) -> list[str]:
    said: list[str] = []
    height, width = found.rgb.shape[1:3]
    if (width, height) != expected.size:
        return [f"the picture is {width}x{height} instead of {expected.size}"]
    zero = _zero(found, expected)
    if abs(zero) > 0.06 and not any(abs(t.start - zero) < 0.06 for t in found.tracks) and not expected.sounds:  # fmt: skip
        said.append(f"the picture begins at {zero:.3f} s")
    if len(found.times) != len(expected.shown):
        said.append(f"{len(found.times)} frames instead of {len(expected.shown)}")
    seen = [number_of(frame, one.place) for frame, one in zip(found.rgb, expected.shown, strict=False)]  # fmt: skip
    wrong = [
        f"frame {n} shows {number} instead of {one.number}"
        for n, (number, one) in enumerate(zip(seen, expected.shown, strict=False))
        if one.number is not None and number != one.number
    ]
    said += _shortened(wrong)
    said += _shortened(
        [
            f"frame {n} comes at {at - zero:.4f} instead of {float(one.at):.4f}"
            for n, (at, one) in enumerate(zip(found.times, expected.shown, strict=False))
            if abs(at - zero - float(one.at)) > _FRAME_NEAR
        ]
    )
    return said + _colours(found, expected.shown[0], bounds)


def _colours(found: Found, first: Shown, bounds: Bounds) -> list[str]:
    if not first.has_colours or first.number is None or not len(found.rgb):
        return []
    height, width = found.rgb.shape[1:3]
    a, b, _, d, e, _ = first.place
    if min((abs(a) + abs(b)) * width, (abs(d) + abs(e)) * height) < _CLEAR:
        return []  # too small for halved colours
    said = []
    for (row, column), colour in content.COLOURS.items():
        seen = cell(found.rgb[0], first.place, row, column)
        wanted = np.array(colour) / 255
        if seen is not None and (far := difference(seen, wanted)) > bounds.colour:
            said.append(f"{colour} looks like {np.round(seen * 255)} (ΔE {far:.1f})")
    return said


def _sound(heard: Heard, sound: Sound, zero: float, bounds: Bounds) -> list[str]:
    if heard.samples.shape[1] != len(sound.channels):
        return [f"{heard.samples.shape[1]} channels instead of {len(sound.channels)}"]
    said: list[str] = []
    for channel, pieces in enumerate(sound.channels):
        if channel == 3 and len(sound.channels) > 4 and bounds.level > _LOSSLESS_DB:
            continue  # what codecs keep of low frequencies' channel is below 120 Hz
        wanted = sound.expected(channel)
        for piece in pieces:
            said += [f"channel {channel}: {one}" for one in _piece(heard, channel, wanted, float(piece.begin), float(piece.end), zero, bounds, sound.gain_is_free)]  # fmt: skip
    ends = heard.start - zero + len(heard.samples) / heard.rate
    if sound.end and abs(ends - float(sound.end)) > bounds.length and not _is_silent_after(heard, sound, zero):  # fmt: skip
        said.append(f"it ends at {ends:.3f} instead of {float(sound.end):.3f}")
    return said


def _is_silent_after(heard: Heard, sound: Sound, zero: float) -> bool:
    first = round((float(sound.end) + zero - heard.start + 0.05) * heard.rate)
    rest = heard.samples[max(0, first) :]
    return bool(len(rest)) and float(np.abs(rest).max()) < _BLACK


def _piece(
    heard: Heard, channel: int, wanted: object, begin: float, end: float, zero: float, bounds: Bounds, is_free: bool
) -> list[str]:  # fmt: skip
    length = end - begin
    if length < 2 * _EDGE + 0.03:
        return []
    window = min(_WINDOW, length - 2 * _EDGE)
    said = []

    def shifted(times: object) -> object:
        return wanted(times - zero)  # type: ignore[operator]

    for name, at in (("beginning", begin + _EDGE), ("end", end - _EDGE - window)):
        got = match(heard, channel, shifted, at + zero, at + window + zero)
        if got.likeness < 0.9:
            said.append(f"its {name} ({at:.2f} s) is something else (likeness {got.likeness:.2f})")
            continue
        if abs(got.off_by) > bounds.sound:
            said.append(f"its {name} ({at:.2f} s) comes {1000 * got.off_by:+.2f} ms late")
        if abs(got.gain_db) > bounds.level and not is_free:
            said.append(f"its {name} ({at:.2f} s) is {got.gain_db:+.2f} dB off")
    return said


def _shortened(said: list[str]) -> list[str]:
    return said if len(said) <= 3 else [*said[:3], f"and {len(said) - 3} more"]
