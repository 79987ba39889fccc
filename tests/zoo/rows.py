"""Which case is tried on which file, into which container: every pair of case and trait and of case
and container, in as few runs as a greedy choice finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import Any

from tests.oracle.cases import CASES, fits
from tests.zoo.table import OTHERS, ZOO, Specimen

Codec = dict[str, Any]
Pair = frozenset[tuple[str, str]]

TARGETS: dict[str, Codec] = {
    "mp4": {"video": {"codec": "h264", "preset": "ultrafast", "crf": 6}, "audio": {"codec": "aac", "bitrate": "256k"}},
    "mkv": {"video": {"codec": "ffv1"}, "audio": {"codec": "flac"}},
    "mov": {"video": {"codec": "h264", "preset": "ultrafast", "crf": 6}, "audio": {"codec": "pcm_s24le"}},
    "webm": {"video": {"codec": "vp8", "crf": 4, "preset": "ultrafast"}, "audio": {"codec": "opus", "bitrate": "256k"}},
    "default mp4": {}, "default mkv": {},
    "wav": {}, "flac": {}, "png": {},
}  # fmt: skip
_LOSSLESS_SOUND = ("mkv", "mov", "wav", "flac")


@dataclass(frozen=True, kw_only=True)
class Run:
    case: str
    name: str
    target: str

    @property
    def row(self) -> Specimen:
        return ZOO[self.name]

    @property
    def pairs(self) -> set[Pair]:
        facts = [("case", self.case), ("target", self.target)]
        facts += [("trait", trait) for trait in self.row.traits]
        return {frozenset(pair) for pair in combinations(facts, 2) if ("case", self.case) in pair}

    @property
    def is_lossless(self) -> bool:
        return self.target in _LOSSLESS_SOUND


def every_run() -> Iterator[Run]:
    """All that make sense."""
    others = {row.name for row in OTHERS}
    for name, row in ZOO.items():
        for case, one in CASES.items():
            if name in others or not fits(one, row):
                continue
            for target in TARGETS:
                if _holds(target, case, row):
                    yield Run(case=case, name=name, target=target)


def _holds(target: str, case: str, row: Specimen) -> bool:
    is_picture = case == "thumbnail" or row.is_still
    if is_picture or target == "png":
        return is_picture and target == "png"
    if target in ("wav", "flac"):
        return not row.has_picture and bool(row.tracks)
    if target == "webm" and any(t.channels > 2 for t in row.tracks):
        return False  # opus puts channels in another order
    return row.has_picture or target in ("mp4", "mkv", "mov")


def covering(runs: Sequence[Run], part: int = 1) -> list[Run]:
    """Greedy: the run with most pairs that none has yet. What a run still adds only shrinks, so what
    was counted before is a bound. With `part`, of every so many pairs with a trait one is wanted."""
    order = {name: n for n, name in enumerate((*CASES, *sorted(_traits())))}
    pairs = [
        {
            p
            for p in run.pairs
            if not sum(order.get(word, 0) for kind, word in p if kind != "target") % part
            or _has_target(p)
        }
        for run in runs
    ]
    missing: set[Pair] = set().union(*pairs)
    queue = [(-len(own), n) for n, own in enumerate(pairs)]
    heapify(queue)
    chosen: list[Run] = []
    while missing:
        _, n = heappop(queue)
        adds = len(pairs[n] & missing)
        if queue and adds < -queue[0][0]:
            heappush(queue, (-adds, n))
            continue
        chosen.append(runs[n])
        missing -= pairs[n]
    return chosen


def _traits() -> set[str]:
    return {trait for row in ZOO.values() for trait in row.traits}


def _has_target(pair: Pair) -> bool:
    return any(kind == "target" for kind, _ in pair)
