"""The optimiser: passes in an order that matters, each `Draft -> Draft` and semantics-preserving.

A pass is a frozen value; its fields are its parameters.
"""

from collections.abc import Sequence

from planner.draft import Draft, Pass
from planner.passes.drop_frames_early import DropFramesEarly
from planner.passes.drop_unneeded import DropUnneeded
from planner.passes.fuse_filters import FuseFilters
from planner.passes.read_apart import ReadApart
from planner.passes.seek_inputs import SeekInputs
from planner.passes.share_equal_work import ShareEqualWork
from planner.passes.split_forks import SplitForks
from planner.passes.split_large import SplitLarge

PASSES: tuple[Pass, ...] = (
    DropUnneeded(),  # first: the others should not think about what nobody wants
    ShareEqualWork(),  # before files are opened apart, or they would be shared again
    DropFramesEarly(),  # after sharing: what several want stays as it is
    ReadApart(),  # before seeking: every reading has its own first need
    SeekInputs(),
    FuseFilters(),  # needs the final wires
    SplitLarge(),  # of what is fused; its parts read each other
    SplitForks(),  # last: only what is still whole can be done apart
)


def optimise(draft: Draft, passes: Sequence[Pass] = PASSES) -> Draft:
    for improve in passes:
        draft = improve(draft)
    return draft
