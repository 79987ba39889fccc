"""The optimiser: a tuple of passes, each `Draft -> Draft` and semantics-preserving; order matters."""

from planner.draft import Draft, Pass
from planner.passes.fuse_filters import fuse_filters

PASSES: tuple[Pass, ...] = (
    fuse_filters,  # needs final node ids; whatever renames or drops nodes comes before it
)


def optimise(draft: Draft) -> Draft:
    for improve in PASSES:
        draft = improve(draft)
    return draft
