"""What must hold of the project as a whole: layers, names, packaging."""

import ast
import importlib
import subprocess
import sys
import tomllib
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
        ("planner.plan", "celery"),
        ("planner.plan", "sqlalchemy"),
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
