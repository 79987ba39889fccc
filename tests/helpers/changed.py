"""`make test-changed`: the test files that a change can affect, by who imports whom.

The imports of the product come from the same graph that the import contracts use; those of tests are
read from their files. Three ties are not imports, and are written down here: operators are found by
name, so a test depends on those whose names it has in it, or on all where it goes through the registry;
tests of the whole service start its programs; and what is no Python module (the compose file, a golden case) belongs to tests that name it.
"""

import argparse
import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import grimp

from tests.helpers.parts import GROUPED

PACKAGES = ("app", "tasks", "operators", "planner")
_PROGRAMS = ("app.cli", "app.factory", "app.embedded", "tasks")
_STARTS = "tests.helpers.service"
_EVERYTHING = ("pyproject.toml", "constraints.txt", "tests/conftest.py", "celeryconfig.py")


def changed_paths(base: str) -> list[Path]:
    """What differs from a commit, with what git does not know yet."""
    differ = ["git", "diff", "--name-only", "--relative", base]
    fresh = ["git", "ls-files", "--others", "--exclude-standard"]
    found = [subprocess.run(words, capture_output=True, text=True, check=True) for words in (differ, fresh)]  # fmt: skip
    return [Path(line) for done in found for line in done.stdout.splitlines()]


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Ties:
    """Who depends on whom, over product, helpers and tests."""

    def __init__(self) -> None:
        self._graph = grimp.build_graph(*PACKAGES, cache_dir=".cache/grimp")
        self._operators = {
            name: module for module in self._graph.modules
            if module.startswith("operators.") and (name := _operator_name(module))
        }  # fmt: skip

    def affected(self, path: Path) -> set[str]:
        """The modules of the product that a changed file can affect."""
        module = module_of(path)
        if module not in self._graph.modules:
            return set()
        return {module, *self._graph.find_downstream_modules(module)}

    @cache  # noqa: B019 - there is one of it
    def needed(self, path: Path) -> frozenset[str]:
        """The modules of the product that a test file or helper needs, itself or by helpers."""
        text = path.read_text()
        found = set(_imports(text))
        for name in list(found):
            helper = Path(*name.split(".")).with_suffix(".py")
            if name.startswith("tests.") and helper.exists() and helper != path:
                found |= self.needed(helper)
        if module_of(path) == _STARTS:
            found |= {m for m in self._graph.modules if m.startswith(_PROGRAMS)}
        found |= {
            module for name, module in self._operators.items()
            if f'"{name}"' in text or "operators.registry" in found
        }  # fmt: skip
        return frozenset(found)


@cache
def _ties() -> Ties:
    return Ties()


def _operator_name(module: str) -> str | None:
    """The name that an operator's module gives it, or None."""
    path = Path(*module.split(".")).with_suffix(".py")
    if not path.exists():
        return None
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "name":
            return str(node.value.value) if isinstance(node.value, ast.Constant) else None
    return None


def _imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def select(paths: Iterable[Path]) -> list[Path]:
    """Test files, in order."""
    paths = list(paths)
    tests = sorted(Path("tests").rglob("test_*.py"))
    if any(str(path) in _EVERYTHING for path in paths):
        return tests

    ties = _ties()
    affected = {module for path in paths for module in ties.affected(path)}
    affected |= {module_of(path) for path in paths if path.suffix == ".py"}
    others = {path.name for path in paths if path.suffix != ".py"}
    folders = {path.parent for path in paths if path.name == "conftest.py"}
    return [
        test for test in tests
        if test in paths or affected & ties.needed(test) or any(name in test.read_text() for name in others)
        or any(test.is_relative_to(folder) for folder in folders)
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-changed", description=__doc__)
    parser.add_argument("base", nargs="?", default="HEAD", help="the commit to compare with")
    parser.add_argument("--list", action="store_true", help="only name the files")
    asked = parser.parse_args()
    tests = [str(path) for path in select(changed_paths(asked.base))]
    print(f"{len(tests)} test files can be affected", *tests, sep="\n  ", flush=True)
    if asked.list or not tests:
        return 0
    words = ["-m", "not full", "-n", "3", *GROUPED]
    return subprocess.run([sys.executable, "-m", "pytest", *words, *tests], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
