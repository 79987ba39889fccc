"""Write `docs/operators.md` from the operators themselves (`make docs`)."""

import json
import sys
from pathlib import Path
from typing import Any

from operators import registry

_HEAD = """# Operators

What a job's `operations` can do. Written by `make docs` from the operators themselves; the same is
served at `GET /v1/operators` and printed by `media-pipeline operators NAME`.
"""


def written() -> str:
    parts, category = [_HEAD], None
    for operator in registry.listed():
        shown = operator.describe().to_json()
        if shown["category"] != category:
            category = shown["category"]
            parts.append(f"## {category}\n")
        parts.append(_page(shown))
    return "\n".join(parts)


def _page(shown: dict[str, Any]) -> str:
    rows = [
        f"| `{p['name']}` | {p['type']} | {_default(p)} | {_rules(p['rules'])} | {p['description']} |"
        for p in shown["parameters"]
    ]
    examples = [_example(shown, example) for example in shown["examples"]]
    return "\n".join(
        [
            f"### {shown['name']}\n",
            shown["description"],
            "",
            f"Inputs: {_inputs(shown)}.",
            "",
            "| parameter | type | default | rules | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "",
            *examples,
        ]
    )


def _default(parameter: dict[str, Any]) -> str:
    if parameter["required"]:
        return "required"
    return "unset" if parameter["default"] is None else f"`{json.dumps(parameter['default'])}`"


def _rules(rules: dict[str, Any]) -> str:
    words = [f"{name} {_shown(value)}" for name, value in rules.items()]
    return "; ".join(words).replace("|", "\\|") or "any"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"`{entry}`" for entry in value)
    return f"`{json.dumps(value) if isinstance(value, dict) else value}`"


def _inputs(shown: dict[str, Any]) -> str:
    kinds = [" and ".join(needed) or "anything" for needed in shown["input_types"]]
    most = shown["max_inputs"]
    more = f"; up to {most}, the further ones like the last" if most > len(kinds) else ""
    return ", ".join(kinds) + more


def _example(shown: dict[str, Any], example: dict[str, Any]) -> str:
    several = shown["max_inputs"] > 1
    where = {"inputs": ["a", "b"]} if several else {"input": "a"}
    operation = {"op": shown["name"], **where, "output": "out", "params": example["params"]}
    return (
        f"{example['description']}:\n\n```json\n{json.dumps(operation, ensure_ascii=False)}\n```\n"
    )


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/operators.md").write_text(written())
