"""Versions of the stored form of plans: a plan is brought up to date when it is read.

Plans outlive releases: a job that was planned before an upgrade runs to its end after it.
"""

from collections.abc import Callable, Mapping
from typing import Any

VERSION = 2

Document = dict[str, Any]


class NewerPlan(ValueError):
    """The plan was stored by a later version of the service."""


def upgraded(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same plan in the present form. Raises: NewerPlan."""
    version = document.get("version", 1)
    if version == VERSION:
        return document
    if version > VERSION:
        raise NewerPlan(f"the plan has version {version}, this service reads up to {VERSION}")

    plan = dict(document)
    while version < VERSION:
        plan = _UPGRADES[version](plan)
        version += 1
    return plan


def _with_types(plan: Document) -> Document:
    """1 to 2: nodes and steps say by fields what ids and arguments said before."""
    return {
        **plan,
        "nodes": [_node(node) for node in plan["nodes"]],
        "steps": [_step(step) for step in plan["steps"]],
        "estimates": plan.get("estimates", {}),
    }


def _node(node: Document) -> Document:
    name, params = node["id"], dict(node["params"] or {})
    own: Document = {"input_id": None, "index": None}
    match node["type"]:
        case "input":
            own["input_id"] = name.removeprefix("input_")
            params = {"source": "", "duration": None, "start_offset": "0s", **_described(params)}
        case "operation":
            own["index"] = int(name.split("_")[1])
        case _:
            own["index"] = int(name.removeprefix("output_"))
            params = {"destination": "", "images": None, **_described(params)}
    return {**node, **own, "params": params, "traces": node.get("traces") or []}


def _described(params: Document) -> Document:
    return {"format": None, "metadata": {}, **params}


def _step(step: Document) -> Document:
    own: Document = {"input": None, "part": None, "output": None, "from_step": None}
    argv = step["argv"]
    match argv[0]:
        case "fetch":
            own |= {"type": "fetch", "input": argv[1].removeprefix("{source:").rstrip("}")}
            if len(argv) > 3:
                own["part"] = {"start": float(argv[4]), "end": float(argv[6])}
        case "upload":
            place = int(step["nodes"][0].removeprefix("output_"))
            own |= {"type": "upload", "output": place, "from_step": step["depends_on"][0]}
        case _:
            own["type"] = "measure" if step.get("measures") else "ffmpeg"
    files = {name: _file(file) for name, file in step["files"].items()}
    return {**step, **own, "files": files, "work": step.get("work", {})}


def _file(file: Any) -> Any:
    is_captions = isinstance(file, dict) and "captions" in file
    return {"track": 0, "style": {}, "encoding": None, **file} if is_captions else file


_UPGRADES: Mapping[int, Callable[[Document], Document]] = {1: _with_types}
"""By the version that a plan has: what makes the next one of it."""
