import errno
import os
from pathlib import Path

import pytest

from app.engine import probe, workspace
from app.engine.storage import folders, local
from app.engine.tools import Tools
from app.errors import Failure
from planner.uri import file_uri


def locate(path: Path, *roots: Path) -> str:
    return local.locate_source(file_uri(str(path)), [str(root) for root in roots])


def code_of(path: Path, *roots: Path) -> str:
    with pytest.raises(Failure) as caught:
        locate(path, *roots)
    return caught.value.code.value


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """A folder that may be used, and one that may not."""
    inside, outside = tmp_path.resolve() / "in", tmp_path.resolve() / "out"
    inside.mkdir()
    outside.mkdir()
    return inside, outside


def test_links_must_not_lead_out(roots: tuple[Path, Path]) -> None:
    inside, outside = roots
    (outside / "secret").write_text("x")
    (inside / "link").symlink_to(outside / "secret")
    (inside / "folder").symlink_to(outside)
    assert code_of(inside / "link", inside) == "INPUT_OUTSIDE_ROOTS"
    assert code_of(inside / "folder" / "secret", inside) == "INPUT_OUTSIDE_ROOTS"
    assert code_of(inside / "gone", inside) == "INPUT_NOT_FOUND"
    assert code_of(outside / "secret", inside) == "INPUT_OUTSIDE_ROOTS"
    (inside / "dir").mkdir()
    assert code_of(inside / "dir", inside) == "INVALID_INPUT"
    assert locate(inside / "link", inside, outside) == str(outside / "secret")


def test_an_output_appears_whole_and_replaces_what_was_there(roots: tuple[Path, Path]) -> None:
    inside, _ = roots
    work = inside / "work"
    work.write_text("new")
    target = inside / "deep" / "er" / "o.mp4"
    publication = local.plan_publication(file_uri(str(target)), "job_1-s1-2", [str(inside)])
    publication.stage(str(work), lambda _: None, lambda _: None)
    assert (target.exists(), Path(publication.part).name) == (False, ".o.mp4.job_1-s1-2.part")
    target.write_text("old")
    publication.reveal()
    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["o.mp4"]


def test_a_destination_must_not_lead_out(roots: tuple[Path, Path]) -> None:
    inside, outside = roots
    (inside / "folder").symlink_to(outside)
    with pytest.raises(Failure, match="INPUT_OUTSIDE_ROOTS"):
        local.plan_publication(file_uri(str(inside / "folder" / "o.mp4")), "1", [str(inside)])
    assert list(outside.iterdir()) == []


def test_a_destination_that_is_a_link_is_replaced_not_followed(roots: tuple[Path, Path]) -> None:
    inside, outside = roots
    (outside / "precious").write_text("old")
    (inside / "o.mp4").symlink_to(outside / "precious")
    (inside / "work").write_text("new")
    publication = local.plan_publication(file_uri(str(inside / "o.mp4")), "1", [str(inside)])
    publication.stage(str(inside / "work"), lambda _: None, lambda _: None)
    publication.reveal()
    assert (outside / "precious").read_text() == "old"
    assert (inside / "o.mp4").read_text() == "new"


def test_what_is_in_the_way_is_a_failure_with_a_code(roots: tuple[Path, Path]) -> None:
    inside, _ = roots
    (inside / "file").write_text("x")
    uri = file_uri(str(inside / "file" / "o.mp4"))
    publication = local.plan_publication(uri, "1", [str(inside)])
    with pytest.raises(Failure, match="INVALID_OUTPUT"):
        publication.stage(str(inside / "file"), lambda _: None, lambda _: None)


def test_work_folders_are_private_and_go_as_a_whole(tmp_path: Path) -> None:
    folder = workspace.attempt_dir(str(tmp_path), "job_1", "s1", 1)
    Path(folder, "x").touch()
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert workspace.jobs_with_files(str(tmp_path)) == ["job_1"]
    workspace.remove_job(str(tmp_path), "job_1")
    assert workspace.jobs_with_files(str(tmp_path)) == []
    assert workspace.jobs_with_files(str(tmp_path / "none")) == []


def test_two_jobs_with_one_destination_do_not_share_a_part(roots: tuple[Path, Path]) -> None:
    inside, _ = roots
    uri = file_uri(str(inside / ("ü" * 120 + ".mp4")))
    one, other = (
        local.plan_publication(uri, f"job_{n:032x}-s1-1", [str(inside)]) for n in range(2)
    )
    for publication, content in ((one, "one"), (other, "other")):
        work = inside / "work"
        work.write_text(content)
        publication.stage(str(work), lambda _: None, lambda _: None)
    one.reveal()
    assert Path(one.path).read_text() == "one"
    other.reveal()
    assert Path(one.path).read_text() == "other"


@pytest.fixture
def inside(roots: tuple[Path, Path]) -> Path:
    return roots[0]


@pytest.fixture
def outside(roots: tuple[Path, Path]) -> Path:
    """A file of somebody else's."""
    found = roots[1] / "secret"
    found.write_text("secret")
    return found


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """What is to be published."""
    found = tmp_path / "made"
    found.write_text("made")
    return found


def published(root: Path, uri: str, work_file: Path) -> Failure | None:
    """What comes of publishing a file; None where it is published."""
    publication = local.plan_publication(uri, "job-s1-1", [str(root)])
    try:
        publication.stage(str(work_file), lambda _: None, lambda _: None)
        publication.reveal()
    except Failure as failure:
        return failure
    return None


def test_a_link_where_the_part_is_written_leads_nowhere(
    inside: Path, outside: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where work files are copied, as from another disk."""

    def other_disk(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(local.os, "rename", other_disk)
    (inside / ".o.mp4.job-s1-1.part").symlink_to(outside)
    assert published(inside, file_uri(str(inside / "o.mp4")), made) is None
    assert (inside / "o.mp4").read_text() == "made"
    assert not (inside / "o.mp4").is_symlink()
    assert outside.read_text() == "secret"


def test_a_folder_that_became_a_link_is_not_written_into(
    inside: Path, outside: Path, made: Path
) -> None:
    folder = inside / "out"
    folder.mkdir()
    publication = local.plan_publication(file_uri(str(folder / "secret")), "1", [str(inside)])
    folder.rmdir()
    folder.symlink_to(outside.parent)
    with pytest.raises(Failure, match="INVALID_OUTPUT"):
        publication.stage(str(made), lambda _: None, lambda _: None)
    publication.discard()
    assert [path.name for path in outside.parent.iterdir()] == ["secret"]
    assert outside.read_text() == "secret"


def test_a_folder_that_became_a_link_before_the_end_reveals_nothing(
    inside: Path, outside: Path, made: Path
) -> None:
    folder = inside / "out"
    publication = local.plan_publication(file_uri(str(folder / "secret")), "1", [str(inside)])
    publication.stage(str(made), lambda _: None, lambda _: None)
    folder.rename(inside / "aside")
    folder.symlink_to(outside.parent)
    with pytest.raises(Failure):
        publication.reveal()
    assert outside.read_text() == "secret"


def test_a_source_that_became_a_link_is_not_read(inside: Path, outside: Path) -> None:
    source = inside / "in.mp4"
    source.write_text("mine")
    path = local.locate_source(file_uri(str(source)), [str(inside)])
    source.unlink()
    source.symlink_to(outside)
    with pytest.raises(OSError, match="symbolic"):
        folders.reading(path)
    with pytest.raises(OSError, match="symbolic"):
        local.md5(path)
    with pytest.raises(Failure, match="INPUT_ACCESS_DENIED"):
        probe.probe(path, Tools(ffmpeg="ffmpeg", ffprobe="ffprobe", version="9"))
