"""What must hold of the project as a whole: layers, names, packaging."""

import ast
import importlib
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import FAMILIES
from app.queue import names
from app.queue.celery import celery
from app.store import workers

ROOT = Path(__file__).parents[3]
STARTERS = {"Popen", "run", "call", "check_call", "check_output", "system", "popen", "fork"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("planner.make_plan", "celery"),
        ("planner.make_plan", "sqlalchemy"),
        ("tasks.media", "flask"),
        ("app.factory", "tasks"),
        # large, and only S3 needs it
        ("tasks.transfer", "boto3"),
        # the command replaces itself with Celery: whatever it loads is loaded twice
        ("app.cli.main, app.cli.servers", "sqlalchemy"),
        ("app.cli.main, app.cli.servers", "app.services"),
        ("app.cli.main, app.cli.servers", "httpx"),
    ],
)
def test_importing_one_part_does_not_load_another(module: str, absent: str) -> None:
    code = f"import sys, {module}; sys.exit({absent!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_task_name_is_registered_and_has_a_queue() -> None:
    celery.loader.import_default_modules()
    sent = {value for name, value in vars(names).items() if name.isupper() and "." in value}
    assert {name for name in celery.tasks if name.startswith("media_pipeline.")} == sent
    queues = {value for name, value in vars(names).items() if name.isupper() and "." not in value}
    assert {queue.name for queue in celery.conf.task_queues} == queues


def test_the_store_knows_the_queue_that_ffmpeg_runs_on() -> None:
    assert workers.MEDIA_QUEUE == names.MEDIA


def test_every_package_is_listed() -> None:
    tops = ("app", "tasks", "operators", "planner", "migrations")
    found = {
        str(file.parent.relative_to(ROOT)).replace("/", ".")
        for top in tops
        for file in (ROOT / top).rglob("*.py")
        if "__pycache__" not in file.parts
    }
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def starts_a_process(node: ast.AST) -> bool:
    """`subprocess.run(...)` and its kin."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("subprocess", "os")
        and node.func.attr in STARTERS
    )


def test_one_module_starts_processes() -> None:
    files = [
        f for top in ("app", "tasks", "operators", "planner") for f in (ROOT / top).rglob("*.py")
    ]
    starters = {
        str(file.relative_to(ROOT))
        for file in files
        if any(starts_a_process(node) for node in ast.walk(ast.parse(file.read_text())))
    }
    assert starters == {"app/engine/process.py"}


def test_modules_say_what_they_are_for_and_stay_small() -> None:
    for top in ("app", "tasks", "operators", "planner"):
        for file in (ROOT / top).rglob("*.py"):
            text = file.read_text()
            assert not text.strip() or ast.get_docstring(ast.parse(text)), file
            assert text.count("\n") <= 430, file


def test_constraints_name_no_registry() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert all("==" in line for line in text.splitlines() if line and not line.startswith("#"))


def test_every_command_is_found_in_its_family() -> None:
    for family, listed in FAMILIES.items():
        commands = importlib.import_module(f"app.cli.{family}").COMMANDS
        assert tuple(command.name for command in commands) == listed


PLAN = ROOT / "planner" / "plan"
OF_A_PLAN = {"plan", "step", "node", "planned", "stored_plan"}
CLIENTS = ("app/cli/", "app/client.py")
"""They read the API's JSON, as any client does."""
SPECS = {"InputSpec", "OperationSpec", "OutputSpec"}


def _name(node: ast.expr) -> str:
    """The last word of `job.plan`, `plan`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def reads_by_key(node: ast.AST) -> bool:
    """`plan["steps"]`, `step.get("files")`."""
    if isinstance(node, ast.Subscript):
        key, of = node.slice, node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if node.func.attr != "get":
            return False
        key, of = node.args[0], node.func.value
    else:
        return False
    is_text = isinstance(key, ast.Constant) and isinstance(key.value, str)
    return is_text and _name(of) in OF_A_PLAN


def asks_for_a_spec_type(node: ast.AST) -> bool:
    """`isinstance(spec, InputSpec)`: nodes of the graph have types."""
    if not isinstance(node, ast.Call) or _name(node.func) != "isinstance":
        return False
    return bool(SPECS & {_name(n) for n in ast.walk(node.args[1]) if isinstance(n, ast.expr)})


def tells_storage_by_its_name(node: ast.AST) -> bool:
    """`uri.startswith("s3:")`: that is for the registry of storage."""
    if not isinstance(node, ast.Call) or _name(node.func) not in ("startswith", "removeprefix"):
        return False
    texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
    return any(isinstance(text, str) and text.startswith("s3:") for text in texts)


def found(rule: Callable[[ast.AST], bool], *but: str) -> list[str]:
    """Where product code breaks a rule."""
    return [
        f"{file.relative_to(ROOT)}:{node.lineno}"  # type: ignore[attr-defined]
        for file in (
            f
            for top in ("app", "tasks", "operators", "planner")
            for f in (ROOT / top).rglob("*.py")
        )
        if not str(file.relative_to(ROOT)).startswith(but)
        for node in ast.walk(ast.parse(file.read_text()))
        if rule(node)
    ]


def test_a_plan_is_read_as_a_value() -> None:
    assert found(reads_by_key, "planner/plan/", *CLIENTS) == []
    assert found(asks_for_a_spec_type) == []


def test_storage_is_told_apart_in_one_place() -> None:
    assert found(tells_storage_by_its_name, "app/settings.py") == []


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ('job.plan["steps"]', reads_by_key),
        ('step.get("files", {})', reads_by_key),
        ("isinstance(node.spec, (InputSpec, OutputSpec))", asks_for_a_spec_type),
        ('uri.lower().startswith("s3:")', tells_storage_by_its_name),
    ],
)
def test_the_rules_see_what_they_forbid(code: str, rule: Callable[[ast.AST], bool]) -> None:
    assert any(map(rule, ast.walk(ast.parse(code))))
