"""Commands that explain without running: plan, validate, probe, operators."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import click
from rich.markup import escape
from rich.padding import Padding

from app import settings
from app.cli.output import (
    EXIT_FAILED,
    EXIT_USAGE,
    complain,
    media_text,
    out,
    print_json,
    print_problems,
)
from app.cli.spec_file import read_spec
from app.engine import probe as probing
from app.engine import tools, workspace
from app.errors import Failure
from app.services import plan_preview
from app.services.policy import policy_for
from operators import registry
from operators.problem import Invalid, did_you_mean
from planner.diagram import as_dot, as_mermaid
from planner.explain import as_tree
from planner.parse import parse_spec
from planner.plan import Plan
from planner.plan.addresses import Addresses
from planner.script import as_script

_TENANT = "default"


_DRAWN: Mapping[str, Callable[[Plan], str]] = {
    "tree": as_tree,
    "mermaid": as_mermaid,
    "dot": as_dot,
}


@click.command()
@click.argument("spec_file", metavar="SPEC.json")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tree", "json", "mermaid", "dot", "sh"]),
    default="tree",
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="Same as --format json.")
def plan(spec_file: str, form: str, as_json: bool) -> int:
    """Show what a job would do: nodes, steps, exact commands, reasons, estimates."""
    try:
        spec = read_spec(spec_file)
        made = plan_preview.preview(spec, _TENANT)
    except Invalid as invalid:
        return _refuse(invalid, as_json or form == "json")
    if as_json or form == "json":
        print_json(made.to_json())
    elif form == "sh":
        click.echo(as_script(made, Addresses.of(spec), workspace.FONTS), nl=False)
    else:
        click.echo(_DRAWN[form](made))
    return 0


@click.command()
@click.argument("spec_file", metavar="SPEC.json")
@click.option("--json", "as_json", is_flag=True)
def validate(spec_file: str, as_json: bool) -> int:
    """Check a spec without looking at the media; every problem at once."""
    try:
        parsed = parse_spec(read_spec(spec_file), policy_for(_TENANT))
    except Invalid as invalid:
        return _refuse(invalid, as_json)
    warnings = [warning.to_json() for warning in parsed.warnings]
    if as_json:
        print_json({"valid": True, "errors": [], "warnings": warnings})
    else:
        print_problems(warnings, sign="[yellow]![/yellow]")
        out.print("[green]✓[/green] valid")
    return 0


def _refuse(invalid: Invalid, as_json: bool) -> int:
    problems = [problem.to_json() for problem in invalid.problems]
    if as_json:
        print_json({"valid": False, "errors": problems, "warnings": []})
    else:
        print_problems(problems)
    return EXIT_USAGE


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True)
def probe(file: str, as_json: bool) -> int:
    """Show what a media file holds."""
    try:
        info = probing.probe(os.path.realpath(file), tools.find(settings.current())).to_json()
    except Failure as failure:
        if as_json:
            print_json(failure.to_json())
        else:
            complain(str(failure))
        return EXIT_FAILED
    if as_json:
        print_json(info)
    else:
        out.print(media_text(info), markup=False)
    return 0


@click.command(name="operators")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True)
def list_operators(name: str | None, as_json: bool) -> int:
    """List the operators, or describe one."""
    if name is None:
        found = [operator.describe().to_json() for operator in registry.listed()]
        if as_json:
            print_json(found)
        else:
            for each in found:
                words = f"[bold]{each['name']:<14}[/bold] {each['category']:<10} "
                out.print(
                    words + escape(_first_line(each)),
                    soft_wrap=False,
                    overflow="ellipsis",
                    no_wrap=True,
                )
        return 0
    operator = registry.find(name)
    if operator is None:
        complain(f"there is no operator {name}. {did_you_mean(name, registry.names()) or ''}")
        return EXIT_USAGE
    described = operator.describe().to_json()
    if as_json:
        print_json(described)
    else:
        _describe(described)
    return 0


def _first_line(described: dict[str, Any]) -> str:
    return str(described["description"]).partition("\n")[0]


def _describe(described: dict[str, Any]) -> None:
    out.print(f"[bold]{described['name']}[/bold]  ({described['category']})\n")
    for paragraph in described["description"].split("\n\n"):
        _wrapped(escape(" ".join(paragraph.split())), indent=0)
        out.print()
    for parameter in described["parameters"]:
        default = "required" if parameter["required"] else f"default {parameter['default']}"
        rules = ", ".join(f"{key} {value}" for key, value in parameter["rules"].items())
        _wrapped(
            f"[bold]{parameter['name']}[/bold]  {parameter['type']}, {default}"
            + (f", {escape(rules)}" if rules else ""),
            indent=2,
        )
        _wrapped(f"[dim]{escape(parameter['description'])}[/dim]", indent=4)
    for example in described["examples"]:
        out.print()
        _wrapped(f"{escape(example['description'])}:", indent=2)
        out.print_json(data={"op": described["name"], "params": example["params"]}, indent=None)


def _wrapped(markup: str, indent: int) -> None:
    """Lines that end between words, whatever the terminal's width."""
    out.print(Padding(markup, (0, 0, 0, indent), expand=False), soft_wrap=False)


COMMANDS = (plan, validate, probe, list_operators)
