"""`make test-changed` finds the tests that a change can affect, and leaves out others."""

from pathlib import Path

import pytest

from tests.helpers import changed


def selected(*paths: str) -> set[str]:
    return {str(path) for path in changed.select(map(Path, paths))}


def test_an_operator_affects_the_tests_that_name_it() -> None:
    found = selected("operators/video/crop.py")
    assert {"tests/integration/test_geometry.py", "tests/unit/operators/test_catalogue.py"} <= found
    assert "tests/integration/test_claims.py" not in found
    assert "tests/unit/app/test_pipes.py" not in found


def test_a_module_affects_the_tests_of_those_who_import_it() -> None:
    found = selected("app/engine/pipes.py")
    assert {
        "tests/unit/app/test_pipes.py",
        "tests/unit/app/test_process.py",
        "tests/e2e/test_faults.py",
    } <= found
    assert "tests/unit/planner/test_parse.py" not in found


def test_a_test_affects_itself_and_a_helper_those_who_use_it() -> None:
    assert selected("tests/unit/app/test_pipes.py") == {"tests/unit/app/test_pipes.py"}
    assert "tests/integration/test_equivalence.py" in selected("tests/helpers/dags.py")
    assert "tests/integration/test_claims.py" not in selected("tests/helpers/dags.py")


def test_what_everything_rests_on_affects_all() -> None:
    assert len(selected("constraints.txt")) == len(list(Path("tests").rglob("test_*.py")))


def test_what_is_no_module_affects_those_who_name_it() -> None:
    assert selected("docker/compose.yaml") >= {"tests/unit/docker/test_files.py"}


@pytest.mark.parametrize("path", ["docs/runbook.md", "nothing/there.py"])
def test_what_no_test_reads_affects_none(path: str) -> None:
    assert selected(path) <= {
        str(p) for p in Path("tests").rglob("*.py") if Path(path).name in p.read_text()
    }
