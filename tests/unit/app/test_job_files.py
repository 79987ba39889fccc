"""No job replaces what it reads, nor one of its outputs by another, whatever its names lead to."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.storage import local
from app.errors import Failure
from app.services import job_files
from planner.files import beside, numbered
from planner.plan import Plan
from planner.plan.addresses import Addresses
from planner.plan.files import sidecar_name
from planner.uri import parse_uri
from tests.helpers.plans import command_step, output_node, plan


def addresses_of(sources: list[Path], outputs: list[Path]) -> Addresses:
    return Addresses(
        sources={f"in{n}": path.as_uri() for n, path in enumerate(sources)},
        destinations=[path.as_uri() for path in outputs],
    )


def plan_of(outputs: list[tuple[int, bool]]) -> Plan:
    """A plan whose outputs have so many pictures, and an index or not."""
    return plan(
        nodes=[output_node(n, images=images or None) for n, (images, _) in enumerate(outputs)],
        steps=[
            command_step(
                files={sidecar_name(n): "" for n, (_, index) in enumerate(outputs) if index}
            )
        ],
    )


def said(
    sources: list[Path], outputs: list[Path], images: int = 0, has_index: bool = False
) -> list[str]:
    found = job_files.problems(
        addresses_of(sources, outputs), plan_of([(images, has_index)] * len(outputs))
    )
    return [f"{problem.pointer}: {problem.message}" for problem in found]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "film.mp4"
    path.parent.mkdir()
    path.write_text("film")
    return path


def test_an_output_beside_its_input_is_fine(film: Path) -> None:
    assert said([film], [film.with_name("other.mp4")]) == []


def test_an_input_is_not_replaced_through_a_linked_folder(film: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to("in")
    (found,) = said([film], [tmp_path / "alias" / "film.mp4"])
    assert found.startswith("/outputs/0/destination: the destination")
    assert 'would replace what input "in0" is read from' in found


def test_nor_is_a_link_on_the_way_to_it(film: Path, tmp_path: Path) -> None:
    (tmp_path / "latest.mp4").symlink_to("current.mp4")
    (tmp_path / "current.mp4").symlink_to("in/film.mp4")
    for name in ("latest.mp4", "current.mp4", "in/film.mp4"):
        assert len(said([tmp_path / "latest.mp4"], [tmp_path / name])) == 1, name


def test_nor_by_what_is_written_beside_an_output(tmp_path: Path) -> None:
    captions = tmp_path / "movie.vtt"
    captions.write_text("WEBVTT")
    (found,) = said([captions], [tmp_path / "movie.jpg"], has_index=True)
    assert "the index" in found


def test_nor_by_a_picture_with_a_number(tmp_path: Path) -> None:
    picture = tmp_path / "thumb-0003.jpg"
    picture.write_text("picture")
    (found,) = said([picture], [tmp_path / "thumb.jpg"], images=4)
    assert "picture 3" in found
    assert said([picture], [tmp_path / "thumb.jpg"], images=2) == []


def test_outputs_do_not_replace_each_other(film: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to("in")
    (found,) = said([], [film.with_name("o.mp4"), tmp_path / "alias" / "o.mp4"])
    assert found.startswith("/outputs/1/destination")
    assert "would replace the destination of output 0" in found
    (found,) = said([], [tmp_path / "a.jpg", tmp_path / "a.png"], has_index=True)
    assert "would replace the index of output 0" in found


def test_objects_elsewhere_are_compared_by_name() -> None:
    addresses = Addresses(sources={"in0": "s3://bucket/a.mp4"}, destinations=["s3://bucket/a.mp4"])
    assert len(job_files.problems(addresses, plan_of([(0, False)]))) == 1


def test_where_no_file_can_be(film: Path, tmp_path: Path) -> None:
    assert "is a folder" in said([], [film.parent])[0]
    assert "is not a folder" in said([], [film / "below.mp4"])[0]
    assert "has 300 bytes" in said([], [tmp_path / ("x" * 296 + ".mp4")])[0]
    assert said([], [tmp_path / "new" / "folders" / "o.mp4"]) == []


NAMES = st.sampled_from(["a.mp4", "A.mp4", "a.vtt", "a.jpg", "a-0001.jpg", "a-0002.jpg", "b.mp4"])
FOLDERS = st.sampled_from(["one", "two", "link", "one/sub"])
PATHS = st.tuples(FOLDERS, NAMES).map("/".join)
OUTPUTS = st.lists(st.tuples(PATHS, st.sampled_from([0, 2]), st.booleans()), min_size=1, max_size=4)


def planted(root: Path, files: list[str], links: list[tuple[str, str]], hard: list[tuple[str, str]]) -> None:  # fmt: skip
    """Folders, one of them a link to another; files that are there already; links between names."""
    for folder in ("one/sub", "two"):
        (root / folder).mkdir(parents=True)
    (root / "link").symlink_to("one")
    for name in files:
        (root / name).write_text(f"content of {name}")
    for name, target in links:
        if not os.path.lexists(root / name):
            (root / name).symlink_to(root / target)
    for name, target in hard:
        if (root / target).is_file() and not os.path.lexists(root / name):
            os.link(root / target, root / name)


def publish(root: Path, uri: str, number: int) -> str:
    """As a worker does it. Gives the place."""
    work = root / f"work{number}"
    work.write_text("new")
    publication = local.plan_publication(uri, f"attempt{number}", [str(root)])
    publication.stage(str(work), lambda _: None, lambda _: None)
    publication.reveal()
    return publication.path


def uris_of(outputs: list[Path], kinds: list[tuple[int, bool]]) -> Iterator[str]:
    for path, (images, has_index) in zip(outputs, kinds, strict=True):
        uri = path.as_uri()
        yield from [numbered(uri, f"{n:04d}") for n in range(1, images + 1)] if images else [uri]
        if has_index:
            yield beside(uri, "vtt")


@settings(deadline=None)  # disks may be busy
@given(
    files=st.lists(PATHS, unique=True, max_size=5),
    links=st.lists(st.tuples(PATHS, PATHS), max_size=3),
    hard=st.lists(st.tuples(PATHS, PATHS), max_size=2),
    sources=st.lists(PATHS, max_size=3),
    drawn=OUTPUTS,
)
def test_whatever_was_there_stays_but_for_destinations(
    files: list[str],
    links: list[tuple[str, str]],
    hard: list[tuple[str, str]],
    sources: list[str],
    drawn: list[tuple[str, int, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(os.path.realpath(folder))
        planted(root, files, links, hard)
        inputs = [root / name for name in sources if (root / name).is_file()]
        outputs = [root / name for name, _, _ in drawn]
        kinds = [(images, has_index) for _, images, has_index in drawn]
        if job_files.problems(addresses_of(inputs, outputs), plan_of(kinds)):
            return  # refused: nothing is lost
        before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
        read = [path.read_bytes() for path in inputs]
        declared = {publish(root, uri, n) for n, uri in enumerate(uris_of(outputs, kinds))}
        assert [path.read_bytes() for path in inputs] == read
        assert len(declared) == len(list(uris_of(outputs, kinds)))
        for path, content in before.items():
            if path.is_symlink() or str(path) in declared:
                continue
            assert path.read_bytes() == content, path
        for place in declared:
            assert Path(place).read_text() == "new"


def test_a_file_of_ours_never_follows_a_link_at_its_own_name(film: Path, tmp_path: Path) -> None:
    (tmp_path / "o.mp4").symlink_to(film)
    place = publish(tmp_path, (tmp_path / "o.mp4").as_uri(), 1)
    assert not Path(place).is_symlink()
    assert film.read_text() == "film"


def test_what_can_never_be_written_is_not_tried_again(film: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.mp4"
    (taken / "x").mkdir(parents=True)
    with pytest.raises(Failure) as failed:
        publish(tmp_path, taken.as_uri(), 1)
    assert failed.value.code == "INVALID_OUTPUT"
    assert not failed.value.is_retryable
    assert parse_uri(taken.as_uri()).path == str(taken)
