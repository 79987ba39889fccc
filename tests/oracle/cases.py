"""What is asked of the service, and what the documentation says comes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import cos, pi, sin
from typing import Any

from tests.oracle import programme as by_definition
from tests.oracle.programme import Programme, programme
from tests.oracle.reading import Place
from tests.zoo.table import ZOO, Specimen

Meaning = Callable[[Programme], Programme]


@dataclass(frozen=True, kw_only=True)
class Case:
    """`params(row)` of an operation; `others` are its further inputs; `means` is its definition."""

    op: str
    params: Callable[[Programme], dict[str, Any]] = lambda _: {}
    means: Meaning
    others: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    is_first: bool = True
    """Whether the specimen is the first input."""


def _even(value: Fraction | float) -> int:
    return max(2, 2 * round(Fraction(value) / 2))


def _seen_width(given: Programme) -> Fraction:
    return given.size[0] * given.sar


def _scaled(given: Programme) -> Programme:
    return by_definition.placed(given, (96, _even(96 * given.size[1] / _seen_width(given))), by_definition.WHOLE)  # fmt: skip


def _boxed(given: Programme) -> Programme:
    return _contained(given, (160, 160))


def _contained(given: Programme, size: tuple[int, int]) -> Programme:
    """In the middle of a box, with bars where the shape differs."""
    shape, box = _seen_width(given) / given.size[1], Fraction(*size)
    width = size[0] if shape >= box else min(size[0], _even(size[1] * shape))
    height = size[1] if shape <= box else min(size[1], _even(size[0] / shape))
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    move: Place = (width / size[0], 0, x / size[0], 0, height / size[1], y / size[1])
    return by_definition.placed(given, size, move)


def _cropped(given: Programme) -> Programme:
    width, height = given.size
    small = (width - 8, height - 8)
    move: Place = (width / small[0], 0, -4 / small[0], 0, height / small[1], -4 / small[1])
    return by_definition.placed(given, small, move, given.sar)


def _padded(given: Programme) -> Programme:
    width, height = given.size
    large = (width + 64, height + 32)
    move: Place = (width / large[0], 0, 32 / large[0], 0, height / large[1], 16 / large[1])
    return by_definition.placed(given, large, move, given.sar)


def _turned(given: Programme) -> Programme:
    width, height = given.size
    return by_definition.placed(given, (height, width), (0, -1, 1, 1, 0, 0), 1 / given.sar)


def _upside_down(given: Programme) -> Programme:
    return by_definition.placed(given, given.size, (-1, 0, 1, 0, -1, 1), given.sar)


def _tilted(given: Programme) -> Programme:
    """Ten degrees clockwise about the middle, the canvas just large enough."""
    width = given.size[0] if given.sar == 1 else _even(_seen_width(given))
    height, angle = given.size[1], 10 * pi / 180
    c, s = cos(angle), sin(angle)
    across = 2 * -int(-round((width * c + height * s) / 2, 6) // 1)
    down = 2 * -int(-round((width * s + height * c) / 2, 6) // 1)
    move: Place = (
        width * c / across, -height * s / across, 0.5 + (-width * c + height * s) / 2 / across,
        width * s / down, height * c / down, 0.5 + (-width * s - height * c) / 2 / down,
    )  # fmt: skip
    return by_definition.placed(given, (across, down), move)


def _other(name: str) -> Programme:
    return programme(ZOO[name])


def _joined_behind(given: Programme) -> Programme:
    """In square pixels; what does not have the first one's shape lies in the middle."""
    width = given.size[0] if given.sar == 1 else _even(_seen_width(given))
    size = (width, given.size[1])
    first = by_definition.placed(given, size, by_definition.WHOLE)
    return by_definition.joined(first, _contained(_other("other.mp4"), size))


def _combined(given: Programme) -> Programme:
    return by_definition.replace(given, sounds=_other("other.wav").sounds)


def _at(moment: Fraction) -> Meaning:
    """One picture: what is seen at a moment."""

    def taken(given: Programme) -> Programme:
        seen = [one for one in given.shown if one.at <= moment] or [given.shown[0]]
        width = given.size[0] if given.sar == 1 else _even(_seen_width(given))
        frame = by_definition.replace(seen[-1], at=Fraction(0))
        return by_definition.replace(given, shown=(frame,), size=(width, given.size[1]), sar=Fraction(1), sounds=())  # fmt: skip

    return taken


def _fixed(**params: Any) -> Callable[[Programme], dict[str, Any]]:
    return lambda _: params


def _sized(across: int, down: int) -> Callable[[Programme], dict[str, Any]]:
    return lambda given: {"width": given.size[0] + across, "height": given.size[1] + down}


_SEEN, _HEARD = ("video",), ("audio",)

CASES: dict[str, Case] = {
    "trim": Case(
        op="trim", params=_fixed(start=0.31, end=0.77),
        means=lambda p: by_definition.trim(p, Fraction(31, 100), Fraction(77, 100)),
    ),
    "tail": Case(op="trim", params=_fixed(start=0.5), means=lambda p: by_definition.trim(p, Fraction(1, 2))),
    "fps up": Case(op="fps", params=_fixed(fps=30), means=lambda p: by_definition.at_rate(p, Fraction(30)), needs=_SEEN),
    "fps down": Case(op="fps", params=_fixed(fps=10), means=lambda p: by_definition.at_rate(p, Fraction(10)), needs=_SEEN),
    "scale": Case(op="scale", params=_fixed(width=96), means=_scaled, needs=_SEEN),
    "contain": Case(op="scale", params=_fixed(width=160, height=160, fit="contain"), means=_boxed, needs=_SEEN),
    "crop": Case(op="crop", params=_sized(-8, -8), means=_cropped, needs=_SEEN),
    "pad": Case(op="pad", params=_sized(64, 32), means=_padded, needs=_SEEN),
    "quarter": Case(op="rotate", params=_fixed(angle=90), means=_turned, needs=_SEEN),
    "red pad": Case(op="pad", params=lambda p: {**_sized(64, 32)(p), "color": "red"}, means=_padded, needs=_SEEN),
    "red tilt": Case(op="rotate", params=_fixed(angle=10, fill="#ff0000"), means=_tilted, needs=_SEEN),
    "half": Case(op="rotate", params=_fixed(angle=180), means=_upside_down, needs=_SEEN),
    "tilt": Case(op="rotate", params=_fixed(angle=10), means=_tilted, needs=_SEEN),
    "deinterlace": Case(op="deinterlace", means=lambda p: p, needs=_SEEN),
    "drawtext": Case(op="drawtext", params=_fixed(text=".", fontsize=4, position="bottom_left", margin=0), means=lambda p: p, needs=_SEEN),
    "overlay": Case(op="overlay", params=_fixed(position="custom", x=0, y=0, scale=0.04), others=("still.png",), means=lambda p: p, needs=_SEEN),
    "thumbnail": Case(op="thumbnail", params=_fixed(time=0.43), means=_at(Fraction(43, 100)), needs=_SEEN),
    "softer": Case(op="volume", params=_fixed(gain_db=-6), means=lambda p: by_definition.louder(p, 10 ** (-6 / 20)), needs=_HEARD),
    "loudnorm": Case(op="loudnorm", means=by_definition.normalised, needs=_HEARD),
    "mix": Case(op="mix", others=("other.wav",), means=lambda p: by_definition.mixed(p, _other("other.wav")), needs=_HEARD),
    "combine": Case(op="combine", others=("other.wav",), means=_combined, needs=_SEEN),
    "concat": Case(op="concat", others=("other.mp4",), means=_joined_behind),
}  # fmt: skip


def fits(case: Case, row: Specimen) -> bool:
    """Whether an operation takes a file, and the definition says what comes of it."""
    has = {"video": row.has_picture, "audio": bool(row.tracks)}
    if not all(has[kind] for kind in case.needs):
        return False
    if case.op in ("mix", "concat") and row.tracks and row.tracks[0].channels > 2:
        return False
    if case.op == "mix" and "sound with a hole" in row.traits:
        return False  # times in whole milliseconds: what is added up may be half of one apart
    if case.op in ("concat", "trim") and "ps" in row.traits:
        return False  # the last of its pictures has no time, and is not always counted
    if case.op == "concat":
        return (
            row.has_picture and row.rate is not None and not row.is_still and row.size == (192, 144)
        )
    if case.op == "thumbnail" and {"no times", "ps"} & set(row.traits):
        return False  # its times are told differently by versions of FFmpeg
    if row.is_still:
        return case.op in ("scale", "crop", "pad", "rotate", "thumbnail")
    return True
