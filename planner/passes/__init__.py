"""The optimiser: a tuple of passes, each `Draft -> Draft` and semantics-preserving; order matters."""

from planner.draft import Draft, Pass
from planner.passes.drop_frames_early import drop_frames_early
from planner.passes.drop_unneeded import drop_unneeded
from planner.passes.fuse_filters import fuse_filters
from planner.passes.read_apart import read_apart
from planner.passes.seek_inputs import seek_inputs
from planner.passes.share_equal_work import share_equal_work
from planner.passes.split_forks import split_forks
from planner.passes.split_large import split_large

PASSES: tuple[Pass, ...] = (
    drop_unneeded,  # first: the others should not think about what nobody wants
    share_equal_work,  # before files are opened apart, or they would be shared again
    drop_frames_early,  # after sharing: what several want stays as it is
    read_apart,  # before seeking: every reading has its own first need
    seek_inputs,
    fuse_filters,  # needs the final wires
    split_large,  # of what is fused; its parts read each other
    split_forks,  # last: only what is still whole can be done apart
)


def optimise(draft: Draft) -> Draft:
    for improve in PASSES:
        draft = improve(draft)
    return draft
