"""A plan as a picture: nodes in the steps that they became, as Mermaid or as Graphviz's dot."""

from collections.abc import Iterable

from planner.plan import MeasureStep, Plan, Step

_MERMAID_SHAPES = {"input": '(["{}"])', "operation": '["{}"]', "output": '[["{}"]]'}
_DOT_SHAPES = {"input": "ellipse", "operation": "box", "output": "box3d"}


def as_mermaid(plan: Plan) -> str:
    """A flowchart: a box a step, inputs outside, measuring steps dashed to what waits for them."""
    names = {node.id: f"n{number}" for number, node in enumerate(plan.nodes)}
    shown = {
        node.id: names[node.id] + _MERMAID_SHAPES[node.type].format(_mermaid_text(node.id))
        for node in plan.nodes
    }
    lines = ["flowchart LR"]
    lines += [f"  {shown[name]}" for name in _outside(plan)]
    for step in _working(plan):
        lines.append(f'  subgraph {step.step_id}["{_mermaid_text(_title(step))}"]')
        lines += [f"    {shown[name]}" for name in _own(plan, step)]
        lines.append("  end")
    lines += [
        f"  {names[edge.source]} -->|{edge.stream_type}| {names[edge.target]}"
        for edge in plan.edges
    ]
    for step in _measuring(plan):
        lines.append(f'  {step.step_id}(["{_mermaid_text(_title(step))}"])')
        lines += [f"  {step.step_id} -.-> {other}" for other in _waiting_for(plan, step)]
    return "\n".join(lines)


def as_dot(plan: Plan) -> str:
    """The same for Graphviz: `dot -Tsvg`."""
    shapes = {node.id: _DOT_SHAPES[node.type] for node in plan.nodes}
    lines = ["digraph plan {", "  rankdir=LR; compound=true; node [fontname=sans];"]
    lines += [f"  {_quoted(name)} [shape={shapes[name]}];" for name in _outside(plan)]
    for step in _working(plan):
        lines.append(f"  subgraph cluster_{step.step_id} {{ label={_quoted(_title(step))};")
        lines += [f"    {_quoted(name)} [shape={shapes[name]}];" for name in _own(plan, step)]
        lines.append("  }")
    lines += [
        f"  {_quoted(edge.source)} -> {_quoted(edge.target)} [label={edge.stream_type}];"
        for edge in plan.edges
    ]
    for step in _measuring(plan):
        lines.append(f"  {step.step_id} [label={_quoted(_title(step))}, style=dashed];")
        lines += [
            f"  {step.step_id} -> {_quoted(other.nodes[0])} [lhead=cluster_{other.step_id}, style=dashed];"
            for other in plan.steps
            if other.step_id in _waiting_for(plan, step)
        ]
    return "\n".join([*lines, "}"])


def _own(plan: Plan, step: Step) -> list[str]:
    """The nodes of a step; what several steps do is drawn in the first."""
    before = {
        name for other in _working(plan) if other.step_id != step.step_id
        and plan.steps.index(other) < plan.steps.index(step) for name in other.nodes
    }  # fmt: skip
    return [name for name in step.nodes if name not in before]


def _title(step: Step) -> str:
    return f"{step.step_id}: {step.reason}"


def _working(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if not isinstance(step, MeasureStep)]


def _measuring(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if isinstance(step, MeasureStep)]


def _waiting_for(plan: Plan, step: Step) -> list[str]:
    return [other.step_id for other in plan.steps if step.step_id in other.depends_on]


def _outside(plan: Plan) -> Iterable[str]:
    inside = {name for step in _working(plan) for name in step.nodes}
    return [node.id for node in plan.nodes if node.id not in inside]


def _mermaid_text(text: str) -> str:
    return text.replace('"', "#quot;")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
