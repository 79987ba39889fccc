"""A programme as the operators' documentation defines it: what is shown when, what is heard when.

`shown` and `heard` begin at 0, where the first of the file's streams begins. The functions are the
operators; each says what its documentation says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np

from tests.oracle.colour import Array
from tests.oracle.reading import WHOLE, Place
from tests.zoo import content
from tests.zoo.table import Specimen, Track, lasting


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A frame from `at` on. `number` None: whatever is seen, it is not looked at."""

    at: Fraction
    number: int | None
    place: Place = WHOLE
    has_colours: bool = True


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Sound of one seed from `begin` to `end`; it was `ahead` seconds further on in its source."""

    begin: Fraction
    end: Fraction
    seed: int
    ahead: Fraction = Fraction(0)
    gain: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A track: per channel the pieces that are heard together. `gain_is_free`: loudness is not compared."""

    channels: tuple[tuple[Piece, ...], ...]
    rate: int
    gain_is_free: bool = False

    @property
    def end(self) -> Fraction:
        return max((p.end for pieces in self.channels for p in pieces), default=Fraction(0))

    def each(self, change: Callable[[Piece], Piece | None]) -> "Sound":
        channels = (
            tuple(new for p in pieces if (new := change(p)) is not None) for pieces in self.channels
        )
        return replace(self, channels=tuple(channels))

    def expected(self, channel: int) -> Callable[[Array], Array]:
        """The channel as a function of time."""

        def at(times: Array) -> Array:
            total = np.zeros(len(times))
            for piece in self.channels[channel]:
                inside = (times >= float(piece.begin)) & (times < float(piece.end))
                own = times[inside] - float(piece.begin) + float(piece.ahead)
                total[inside] += piece.gain * content.sound(piece.seed, own)
            return total

        return at


@dataclass(frozen=True, kw_only=True)
class Programme:
    """`rate` None: frames keep none. `size` in pixels, `sar` their shape."""

    shown: tuple[Shown, ...]
    seen_until: Fraction
    rate: Fraction | None
    size: tuple[int, int]
    sar: Fraction = Fraction(1)
    sounds: tuple[Sound, ...] = ()

    @property
    def lasts(self) -> Fraction:
        return max([self.seen_until, *(sound.end for sound in self.sounds)])


def programme(row: Specimen) -> Programme:
    """A file as it is played: turned as it says, nothing before 0."""
    moments = [Fraction(at, 1000) for at in row.times]
    if row.rate and not moments:
        moments = [n / row.rate for n in range(row.frames)]
    first = min([row.late] * row.has_picture + [t.late for t in row.tracks], default=Fraction(0))
    late = row.late - first
    width, height = row.size
    place: Place = WHOLE
    turned = {90: (0, -1, 1, 1, 0, 0), 180: (-1, 0, 1, 0, -1, 1), 270: (0, 1, 0, -1, 0, 1)}
    if row.rotation:
        place = turned[row.rotation]
    if row.rotation % 180:
        width, height = height, width
    if row.is_mirrored:
        place = (-1, 0, 1, 0, 1, 0)
    sounds = [
        Sound(channels=tuple(_pieces(t, t.seed + n, first) for n in range(t.channels)), rate=t.rate)
        for t in row.tracks
    ]
    return Programme(
        shown=tuple(
            Shown(at=at + late, number=n, place=place, has_colours=row.has_colours)
            for n, at in enumerate(moments)
        ),
        seen_until=late + lasting(row) if row.has_picture else Fraction(0),
        rate=None if row.times else row.rate,
        size=(width, height),
        sar=1 / row.sar if row.rotation % 180 else row.sar,
        sounds=tuple(sounds),
    )


def _pieces(track: Track, seed: int, first: Fraction) -> tuple[Piece, ...]:
    """A channel of a file that begins at `first`: one piece, or two with a hole between."""
    late = track.late - first
    if track.hole is None:
        return (Piece(begin=late, end=late + track.seconds, seed=seed),)
    begin, end = track.hole
    return (
        Piece(begin=late, end=late + begin, seed=seed),
        Piece(begin=late + end, end=late + track.seconds, seed=seed, ahead=end),
    )


def later(given: Programme, seen_by: Fraction, heard_by: Fraction) -> Programme:
    """The same after some seconds of nothing."""
    return replace(
        given,
        shown=tuple(replace(one, at=one.at + seen_by) for one in given.shown),
        seen_until=given.seen_until + seen_by if given.shown else given.seen_until,
        sounds=tuple(
            s.each(lambda p: replace(p, begin=p.begin + heard_by, end=p.end + heard_by))
            for s in given.sounds
        ),
    )


def trim(given: Programme, start: Fraction, end: Fraction | None = None) -> Programme:
    """A frame belongs to the part when it begins at or after `start` and before `end`. At a constant
    rate, sound is cut at the same frame borders."""
    end = given.lasts if end is None else min(end, given.lasts)
    kept = [one for one in given.shown if start <= one.at < end]
    if (
        kept and given.shown[0].at < start
    ):  # what was shown before is not: the first is, from the beginning
        kept[0] = replace(kept[0], at=max(start, kept[0].at if given.rate else start))
    if given.rate and kept:  # the grid on which frames begin, also before the first of them
        first = given.shown[0].at
        start = first + Fraction(ceil((start - first) * given.rate)) / given.rate
        end = min(kept[-1].at + 1 / given.rate, given.lasts) if end < given.seen_until else end
    return replace(
        given,
        shown=tuple(replace(one, at=one.at - start) for one in kept),
        seen_until=min(end, given.seen_until) - start,
        sounds=tuple(sound.each(lambda p: _cut(p, start, end)) for sound in given.sounds),
    )


def _cut(piece: Piece, start: Fraction, end: Fraction) -> Piece | None:
    begin, until = max(piece.begin, start), min(piece.end, end)
    if begin >= until:
        return None
    return replace(
        piece, begin=begin - start, end=until - start, ahead=piece.ahead + begin - piece.begin
    )


def at_rate(given: Programme, rate: Fraction) -> Programme:
    """Every frame moves to the nearest tick of the new grid; the last one there is seen until the next."""
    last = max(1, round(given.seen_until * rate))
    ticks: dict[int, Shown] = {}
    for one in given.shown:
        ticks[_nearest(one.at * rate)] = one
    first = min(ticks, default=0)
    shown, current = [], None
    for tick in range(first, last):
        current = ticks.get(tick, current)
        if current:
            shown.append(replace(current, at=tick / rate))
    return replace(given, shown=tuple(shown), rate=rate, seen_until=last / rate)


def _nearest(value: Fraction) -> int:
    """Halves away from 0."""
    return int(value + Fraction(1, 2))


def louder(given: Programme, factor: float) -> Programme:
    sounds = (s.each(lambda p: replace(p, gain=p.gain * factor)) for s in given.sounds)
    return replace(given, sounds=tuple(sounds))


def normalised(given: Programme) -> Programme:
    return replace(given, sounds=tuple(replace(s, gain_is_free=True) for s in given.sounds))


def placed(
    given: Programme, size: tuple[int, int], move: Place, sar: Fraction = Fraction(1)
) -> Programme:
    """Another picture, in which the whole of the old one lies at `move` (of unit squares)."""
    shown = (replace(one, place=_after(move, one.place)) for one in given.shown)
    return replace(given, shown=tuple(shown), size=size, sar=sar)


def even(given: Programme) -> Programme:
    """As 4:2:0 holds it: without the last line or column of an odd size."""
    width, height = given.size
    return replace(given, size=(width - width % 2, height - height % 2))


def _after(outer: Place, inner: Place) -> Place:
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return (
        a * g + b * j, a * h + b * k, a * i + b * m + c,
        d * g + e * j, d * h + e * k, d * i + e * m + f,
    )  # fmt: skip


def faded(given: Programme, begin: Fraction, end: Fraction) -> Programme:
    """What is seen between is not looked at; what is heard there is left out."""
    shown = (replace(one, number=None) if begin <= one.at < end else one for one in given.shown)
    return replace(given, shown=tuple(shown))


def mixed(first: Programme, second: Programme) -> Programme:
    """The first tracks of both add up, at the rate and with the channels of the first."""
    ours, theirs = first.sounds[0], second.sounds[0]
    count = len(ours.channels)
    others = _in_channels(theirs, count)
    channels = tuple((*a, *b) for a, b in zip(ours.channels, others, strict=True))
    return replace(first, sounds=(replace(ours, channels=channels),))


def _in_channels(sound: Sound, count: int) -> Sequence[tuple[Piece, ...]]:
    """Mono in stereo is both of it; stereo in mono is the mean."""
    has = len(sound.channels)
    if has == count:
        return sound.channels
    if has == 1 and count == 2:
        return sound.channels * 2
    if has == 2 and count == 1:
        return [tuple(replace(p, gain=p.gain / 2) for pieces in sound.channels for p in pieces)]
    raise NotImplementedError(f"{has} channels in {count}")


def joined(first: Programme, second: Programme) -> Programme:
    """One after the other, at the rate and in the size of the first; sound is as long as the picture."""
    rate = first.rate or Fraction(25)
    parts = [_segment(one, rate) for one in (first, second)]
    begins = parts[0].seen_until
    shown = [*parts[0].shown, *(replace(s, at=s.at + begins) for s in parts[1].shown)]
    sounds: tuple[Sound, ...] = ()
    heard = [s for part in parts for s in part.sounds[:1]]
    if heard:
        silent = replace(heard[0], channels=((),) * len(heard[0].channels))
        ours = parts[0].sounds[0] if parts[0].sounds else silent
        theirs = _in_channels(parts[1].sounds[0], len(ours.channels)) if parts[1].sounds else ()
        later = [
            tuple(replace(p, begin=p.begin + begins, end=p.end + begins) for p in pieces)
            for pieces in theirs
        ] or [()] * len(ours.channels)
        sounds = (replace(ours, channels=tuple((*a, *b) for a, b in zip(ours.channels, later, strict=True))),)  # fmt: skip
    return replace(
        first, shown=tuple(shown), seen_until=begins + parts[1].seen_until, rate=rate, sounds=sounds
    )


def _segment(given: Programme, rate: Fraction) -> Programme:
    """On the grid of the whole; where sound lasts longer by more than a tenth, the last picture stays."""
    seen, heard = given.seen_until, given.sounds[0].end if given.sounds else Fraction(0)
    lasts = seen if heard <= seen + Fraction(1, 10) else heard
    lasts = max(1, round(lasts * rate)) / rate
    made = at_rate(given, rate)
    shown = list(made.shown)
    if shown:  # what is seen last stays
        more = range(len(shown) + round(shown[0].at * rate), round(lasts * rate))
        shown += [replace(shown[-1], at=n / rate) for n in more]
    if shown and shown[0].at > 0:  # the first picture is shown from the beginning
        early = [replace(shown[0], at=n / rate) for n in range(round(shown[0].at * rate))]
        shown = [*early, *shown]
    sounds = tuple(s.each(lambda p: _cut(p, Fraction(0), lasts)) for s in given.sounds)
    return replace(made, shown=tuple(shown), sounds=sounds, seen_until=lasts)
