"""Which steps may run now: the ready ones, each with its linear tail. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.errors import Failure
from app.store.models import Step
from app.store.status import StepStatus
from planner.plan import node_ids


@dataclass(frozen=True, kw_only=True)
class StepMessage:
    """What a message about a step says; `shown` is for Flower, without URLs."""

    step_id: str
    kind: str
    shown: str


@dataclass(frozen=True, kw_only=True)
class Frontier:
    """Chains to send: each is a ready step and the steps that wait for it alone, in order."""

    job_id: str
    outstanding: int = 0
    """Steps of the tenant that wait for a worker or run already."""
    chains: tuple[tuple[StepMessage, ...], ...] = ()
    retry_in: float | None = None
    """Ask again after so many seconds."""
    failure: Failure | None = None
    """Why the job could not be planned."""

    @property
    def step_ids(self) -> list[str]:
        return [step.step_id for chain in self.chains for step in chain]


def find_frontier(job_id: str, steps: Sequence[Step]) -> Frontier:
    """The frontier of a job's steps as they are now: what has the longest way to the end comes
    first, as it is what the job waits for when slots are short."""
    dependants: dict[str, list[Step]] = {step.step_id: [] for step in steps}
    for step in steps:
        for needed in step.depends_on:
            dependants[needed].append(step)

    def chain(head: Step) -> tuple[StepMessage, ...]:
        found = [head]
        while len(nexts := dependants[found[-1].step_id]) == 1:
            (tail,) = nexts
            if len(tail.depends_on) != 1 or tail.status != StepStatus.PENDING:
                break
            found.append(tail)
        return tuple(StepMessage(step_id=s.step_id, kind=s.kind, shown=_shown(s)) for s in found)

    left = longest_ways(steps, lambda step: step.weight)
    ready = [s for s in steps if s.status == StepStatus.PENDING and s.deps_left == 0]
    ready.sort(key=lambda step: (-left[step.step_id], step.position))
    return Frontier(job_id=job_id, chains=tuple(chain(s) for s in ready))


def longest_ways(steps: Sequence[Step], cost: Callable[[Step], float]) -> dict[str, float]:
    """By step, what it and the dearest way behind it cost together."""
    behind: dict[str, float] = {}
    ways: dict[str, float] = {}
    for step in sorted(steps, key=lambda step: step.position, reverse=True):
        ways[step.step_id] = cost(step) + behind.get(step.step_id, 0)
        for needed in step.depends_on:
            behind[needed] = max(behind.get(needed, 0), ways[step.step_id])
    return ways


def _shown(step: Step) -> str:
    if step.kind == "transfer":
        return f"{step.step_id}: transfer {', '.join(step.nodes)}"
    operators = list(filter(None, map(node_ids.operator_of, step.nodes)))
    outputs = sum(map(node_ids.is_output, step.nodes))
    return f"{step.step_id}: {' + '.join(operators[:6]) or 'transcode'} -> {outputs} output(s)"
