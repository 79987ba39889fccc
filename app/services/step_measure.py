"""First passes: run, read what was logged, and run again until the values are settled."""

from collections.abc import Callable, Mapping, Sequence

from operators import registry
from operators.capabilities import Measurement, TwoPass
from operators.problem import Code, Problem, pointer
from planner.plan import OperationNode

_MOST_ROUNDS = 8


def operator_of(node: OperationNode) -> TwoPass:
    """The operation of a plan's node, made anew from its parameters."""
    kind = registry.find(node.operator)
    operator = kind.read(node.params, "")[0] if kind else None
    if not isinstance(operator, TwoPass):
        raise LookupError(f"{node.operator} is not known to this worker as one that measures")
    return operator


def measure(operator: TwoPass, run: Callable[[Mapping[str, str]], Sequence[str]]) -> Measurement:
    """`run` takes the values so far and gives the log's lines."""
    found = Measurement(values=operator.unmeasured(), is_settled=False)
    for _ in range(_MOST_ROUNDS):
        found = operator.settle(run(found.values), found.values)
        if found.is_settled:
            return found
    raise RuntimeError(f"{operator!r} does not settle")


def warning(node: OperationNode, message: str) -> Problem:
    """What was noticed, at the operation that it is about."""
    at = pointer("operations", node.index)
    return Problem(code=Code.INVALID_OPERATION, pointer=at, message=message)
