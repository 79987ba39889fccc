"""The parts of `make test-full` hold every test once."""

from pathlib import Path

from tests.helpers.parts import _LONG, PARTS

ROOT = Path(__file__).parents[3]


def test_files_of_parts_exist_and_are_in_one_part() -> None:
    files = [path for part in _LONG.values() for path in part.files]
    assert all((ROOT / path).is_file() for path in files)
    assert len(files) == len(set(files))


def test_what_no_part_names_is_in_the_rest() -> None:
    rest = PARTS["rest"]
    assert (rest.files, rest.marks) == (("tests",), "full")
    assert set(rest.but) == {path for part in _LONG.values() for path in part.files}
    assert (PARTS["quick"].files, PARTS["quick"].marks) == (("tests",), "not full")


def test_every_file_that_a_part_names_has_a_long_form() -> None:
    for part in _LONG.values():
        for path in part.files:
            text = (ROOT / path).read_text()
            assert "mark.full" in text or "thinned(" in text, path  # which marks what it leaves out
