"""While an installation is upgraded, workers of the version before meet the new schema: a migration
may add what they do not see, and nothing else, unless it says why that is safe by now."""

import ast
from pathlib import Path

import pytest

_FILES = sorted(Path("migrations/versions").glob("2*.py"))
_EXPANDING = {"create_table", "add_column", "create_index", "f"}


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_a_migration_expands_or_says_why_it_contracts(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert not breaks(tree) or "CONTRACTS" in _names(tree), (
        f"{file.name} takes away what the version before uses: {breaks(tree)}."
        " See CONTRIBUTING.md, Migrations."
    )


def test_what_the_version_before_would_trip_over_is_found() -> None:
    text = """
def upgrade():
    op.drop_column("jobs", "tags")
    op.add_column("jobs", sa.Column("color", sa.Text(), nullable=False))
    op.add_column("jobs", sa.Column("size", sa.Text(), server_default="1", nullable=False))
"""
    assert breaks(ast.parse(text)) == ["drop_column", "add_column without a default"]


def breaks(tree: ast.Module) -> list[str]:
    upgrade = next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    calls = [
        node
        for node in ast.walk(upgrade)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "op"
    ]
    return [text for call in calls if (text := _wrong(call))]


def _wrong(call: ast.Call) -> str | None:
    assert isinstance(call.func, ast.Attribute)
    name = call.func.attr
    if name not in _EXPANDING:
        return name
    if name == "add_column":
        column = call.args[1]
        assert isinstance(column, ast.Call)
        given = {word.arg: ast.unparse(word.value) for word in column.keywords}
        if given.get("nullable") == "False" and "server_default" not in given:
            return "add_column without a default"
    return None


def _names(tree: ast.Module) -> set[str]:
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
