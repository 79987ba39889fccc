"""The ids of nodes: `input_talk`, `op_0_trim`, `output_1`. Written and read here alone."""

import re

_OPERATION = re.compile(r"op_(\d+)_(\w+)")
_OUTPUT = re.compile(r"output_(\d+)")


def input_id(name: str) -> str:
    return f"input_{name}"


def operation_id(index: int, operator: str) -> str:
    return f"op_{index}_{operator}"


def output_id(index: int) -> str:
    return f"output_{index}"


def operator_of(node_id: str) -> str | None:
    """The operator of an operation; None of inputs and outputs."""
    match = _OPERATION.fullmatch(node_id)
    return match[2] if match else None


def is_output(node_id: str) -> bool:
    return _OUTPUT.fullmatch(node_id) is not None
