"""First passes: run, read what was logged, and run again until the values are settled."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operators import registry
from operators.contract import Measurement, Operator
from operators.problem import Code, Problem, pointer

_MOST_ROUNDS = 8


def operator_of(plan: Mapping[str, Any], node_id: str) -> Operator:
    """The operation of a plan's node, made anew from its parameters."""
    node = next(n for n in plan["nodes"] if n["id"] == node_id)
    kind = registry.find(node["operator"])
    operator = kind.read(node["params"], "")[0] if kind else None
    if operator is None:
        raise LookupError(f"{node['operator']} is not known to this worker")
    return operator


def measure(operator: Operator, run: Callable[[Mapping[str, str]], Sequence[str]]) -> Measurement:
    """`run` takes the values so far and gives the log's lines."""
    found = Measurement(values=operator.unmeasured(), is_settled=False)
    for _ in range(_MOST_ROUNDS):
        found = operator.settle(run(found.values), found.values)
        if found.is_settled:
            return found
    raise RuntimeError(f"{operator.name} does not settle")


def warning(step: Mapping[str, Any], message: str) -> Problem:
    """What was noticed, at the operation that it is about."""
    index = int(str(step["measures"]).split("_")[1])
    return Problem(
        code=Code.INVALID_OPERATION, pointer=pointer("operations", index), message=message
    )
