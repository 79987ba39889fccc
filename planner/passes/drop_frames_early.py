"""Lower the frame rate before frames are scaled, cropped or coloured, not after: what is thrown away
need not be worked on. The frames that are kept are the same."""

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from operators.media import VideoStream
from planner.draft import Draft
from planner.wiring import Track, Wire

_FRAME_BY_FRAME = {
    "colorbalance", "crop", "eq", "format", "hflip", "hue", "pad", "rotate", "scale", "setsar",
    "transpose", "vflip",
}  # fmt: skip
"""Filters that make one frame of one frame, whatever its time."""


@dataclass(frozen=True, kw_only=True)
class DropFramesEarly:
    """Let a lower rate change places with the filters before it that nothing else reads."""

    name: ClassVar[str] = "drop_frames_early"

    def __call__(self, draft: Draft) -> Draft:
        uses = Counter(track for w in (*draft.wires, *draft.measures) for track in w.inputs)
        uses.update(o.track for tracks in draft.outputs.values() for o in tracks)
        wires = list(draft.wires)
        made_at: dict[Track, int] = {}
        for number, w in enumerate(wires):
            made_at |= dict.fromkeys(w.outputs, number)
            place = number
            while _lowers_rate(draft, wires[place]):
                source = wires[place].inputs[0]
                before = made_at.get(source)
                if before is None or uses[source] > 1 or not _is_frame_by_frame(wires[before]):
                    break
                one, other = wires[before], wires[place]
                wires[before] = replace(one, filters=other.filters)
                wires[place] = replace(other, filters=one.filters)
                place = before
        return replace(draft, wires=tuple(wires))


def _lowers_rate(draft: Draft, w: Wire) -> bool:
    if [one.name for one in w.filters] not in (["fps"], ["settb", "fps"]):
        return False
    stream = draft.stream(w.inputs[0])
    rate = dict(w.filters[-1].options)["fps"]
    if not isinstance(stream, VideoStream) or stream.is_vfr or not isinstance(rate, Fraction):
        return False
    return stream.frame_rate is not None and rate < stream.frame_rate


def _is_frame_by_frame(w: Wire) -> bool:
    return len(w.inputs) == 1 and all(one.name in _FRAME_BY_FRAME for one in w.filters)
