"""What is seen and heard in the zoo: frames that tell their number, sound that tells its time.

A picture is a grid of four by four cells: colours above and below, and eight bits of the frame's number
between. Sound is a sum of sines that can be evaluated at any moment, so that any piece of it can be
found again, to a fraction of a sample, at any rate.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CELLS = 4
COLOURS = {
    (0, 0): (255, 0, 0), (0, 1): (0, 255, 0), (0, 2): (0, 0, 255), (0, 3): (255, 255, 0),
    (3, 0): (255, 255, 255), (3, 1): (128, 128, 128), (3, 2): (0, 0, 0), (3, 3): (255, 0, 255),
}  # fmt: skip
"""R'G'B' of the cells (row, column) that do not change."""
LOUDNESS = 0.1
"""RMS of every channel."""
_LUMA = {"bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114), "bt2020": (0.2627, 0.0593)}


def picture(number: int, width: int, height: int) -> Array:
    """Height x width x 3, R'G'B' from 0 to 1."""
    grid = np.zeros((CELLS, CELLS, 3))
    for place, colour in COLOURS.items():
        grid[place] = np.array(colour) / 255
    for bit in range(8):
        grid[1 + bit // CELLS, bit % CELLS] = number >> (7 - bit) & 1
    rows = np.arange(height) * CELLS // height
    columns = np.arange(width) * CELLS // width
    return np.asarray(grid[rows][:, columns])


def in_yuv(rgb: Array, matrix: str, chroma: str, depth: int, *, is_full: bool) -> bytes:
    """Planes of samples, as FFmpeg's planar formats have them."""
    kr, kb = _LUMA[matrix]
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    halves = ((blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr))
    most = 2**depth - 1
    scale = 2 ** (depth - 8)
    if is_full:
        planes = [luma * most, *(half * most + 128 * scale for half in halves)]
    else:
        planes = [
            (16 + 219 * luma) * scale,
            *((128 + 224 * half) * scale for half in halves),
        ]
    down, across = {"420": (2, 2), "422": (1, 2), "444": (1, 1)}[chroma]
    kind = "u1" if depth == 8 else "<u2"
    thinned = [planes[0], *(plane[::down, ::across] for plane in planes[1:])]
    return b"".join(np.clip(np.round(p), 0, most).astype(kind).tobytes() for p in thinned)


@cache
def _sines(seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.uniform(150, 3300, 40), rng.uniform(0, 2 * np.pi, 40)


def sound(seed: int, times: Array) -> Array:
    """A channel at some moments, in seconds of its own."""
    pitches, phases = _sines(seed)
    scale = LOUDNESS * np.sqrt(2 / len(pitches))
    if _are_even(times):
        return _evenly(pitches, phases, times) * scale
    return np.sin(2 * np.pi * np.outer(times, pitches) + phases).sum(1) * scale


def _are_even(times: Array) -> bool:
    return len(times) > 2 and bool(np.ptp(np.diff(times)) < 1e-12 * (1 + abs(times[-1])))


def _evenly(pitches: Array, phases: Array, times: Array) -> Array:
    """At even distances, a sine is what it is at the beginning of a row of samples, turned on by what is
    the same in every row."""
    width = int(np.ceil(np.sqrt(len(times))))
    step = (times[-1] - times[0]) / (len(times) - 1)
    rows = np.arange(0, len(times), width) * step
    begun = np.exp(1j * (2 * np.pi * np.outer(times[0] + rows, pitches) + phases))
    turned = np.exp(2j * np.pi * np.outer(pitches, np.arange(width) * step))
    return np.asarray((begun @ turned).imag.ravel()[: len(times)])
