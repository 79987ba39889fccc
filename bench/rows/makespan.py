"""Row 12: how well the order in which steps are sent uses workers, simulated on random step graphs.

What is simulated is the time that steps take. Which steps may run, and which of them go first, is said by
the code that says so in production; messages wait in one queue, first come, first served.
"""

import heapq
import random
from collections import deque
from collections.abc import Iterator, Sequence
from statistics import mean

from app.services.frontier import find_frontier, longest_ways
from app.store.models import Step
from app.store.status import StepStatus
from bench.bench import Bench
from bench.figure import Figure

_GRAPHS = 200
_WORKERS = (2, 4, 8, 16, 32, 64)
_MOST = 1.15
_SEED = 12


def measure(_: Bench) -> Iterator[Figure]:
    chance = random.Random(_SEED)
    graphs = [_graph(chance, chance.randint(5, 80)) for _ in range(_GRAPHS)]
    curve = []
    for workers in _WORKERS:
        ratios = [_makespan(graph, workers) / _bound(graph, workers) for graph in graphs]
        curve.append([workers, mean(ratios), max(ratios)])
    worst = max(curve, key=lambda found: found[1])
    yield Figure(
        name=f"makespan of {_GRAPHS} step graphs, against what no order can beat", value=worst[1], limit=_MOST, unit="×",
        shown=f"the mean at {worst[0]} workers, where it is worst; one graph {max(c[2] for c in curve):.2f} ×",
        data={"by_workers": curve},
    )  # fmt: skip


def _graph(chance: random.Random, size: int) -> list[Step]:
    """Steps that need up to three of those before them, each for between 1 and 100 seconds."""
    steps = []
    for position in range(size):
        count = min(position, chance.choice((0, 1, 1, 1, 2, 3)))
        needs = chance.sample(range(max(0, position - 12), position), min(count, position, 12))
        weight = round(1000 * 10 ** chance.uniform(0, 2))
        steps.append(
            Step(
                job_id="job", step_id=f"s{position}", position=position, kind="ffmpeg", stage=0, nodes=[],
                status=StepStatus.PENDING, depends_on=[f"s{n}" for n in needs], deps_left=len(needs), weight=weight,
            )
        )  # fmt: skip
    return steps


def _bound(steps: Sequence[Step], workers: int) -> float:
    """The longest way, or all work in equal parts: no order is faster."""
    longest = max(longest_ways(steps, lambda step: step.weight).values())
    return max(longest, sum(step.weight for step in steps) / workers)


def _makespan(steps: Sequence[Step], workers: int) -> float:
    """When the last step ends."""
    for step in steps:
        step.status, step.deps_left = StepStatus.PENDING, len(step.depends_on)
    by_id = {step.step_id: step for step in steps}
    waiting: deque[Step] = deque()
    running: list[tuple[float, int]] = []
    now, free = 0.0, workers
    _send(steps, waiting, by_id)
    while waiting or running:
        while waiting and free:
            step = waiting.popleft()
            heapq.heappush(running, (now + step.weight, step.position))
            free -= 1
        now, position = heapq.heappop(running)
        free += 1
        _complete(steps[position], steps)
        _send(steps, waiting, by_id)
    return now


def _complete(step: Step, steps: Sequence[Step]) -> None:
    step.status = StepStatus.COMPLETED
    for other in steps:
        other.deps_left -= step.step_id in other.depends_on


def _send(steps: Sequence[Step], waiting: deque[Step], by_id: dict[str, Step]) -> None:
    """Put what may run now behind what waits; a chain's tail follows when its turn comes."""
    for chain in find_frontier("job", 5, steps).chains:
        head = by_id[chain[0].step_id]
        head.status = StepStatus.QUEUED
        waiting.append(head)
