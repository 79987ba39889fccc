"""The walls around FFmpeg, tried with small programs and with FFmpeg itself."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from app import settings
from app.cli.walls import check_walls
from app.engine import landlock, process, seccomp
from app.engine.outcome import Outcome
from app.engine.sandbox import Reach, Walls
from app.engine.tools import Tools
from app.settings import Settings
from tests.helpers.media import Media
from tests.helpers.pace import scaled

needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="the kernel has no Landlock")


def said(code: str, folder: Path, reach: Reach | None) -> str:
    """What a Python program prints within the walls."""
    outcome = process.run(
        [sys.executable, "-c", code],
        cwd=str(folder),
        timeout_s=scaled(20),
        capture=True,
        reach=reach,
    )
    return outcome.stdout.decode() + "\n".join(outcome.stderr_tail)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    (tmp_path / "input").write_text("the input")
    (tmp_path / "secret").write_text("another tenant's")
    return tmp_path


@needs_landlock
def test_only_named_files_are_read(folder: Path) -> None:
    reach = Reach(readable=[str(folder / "input")], writable=[str(folder / "own")])
    code = "import sys\nfor path in ('input', 'secret', '/etc/passwd', '/proc/self/environ', '/tmp'):\n"
    code += "    try: print(path, open(path).read())\n    except OSError as error: print(path, type(error).__name__)"
    found = said(code, folder, reach)
    assert "input the input" in found
    for path in ("secret", "/etc/passwd", "/proc/self/environ"):
        assert f"{path} PermissionError" in found


@needs_landlock
def test_only_the_own_folder_is_written(folder: Path) -> None:
    reach = Reach(readable=[str(folder / "input")], writable=[str(folder / "own")])
    code = "for path in ('own/made', 'made', 'input', '/tmp/made-by-a-test'):\n"
    code += "    try: open(path, 'w').write('x'); print(path, 'written')\n"
    code += "    except OSError as error: print(path, type(error).__name__)"
    found = said(code, folder, reach)
    assert "own/made written" in found
    assert found.count("PermissionError") == 3
    assert (folder / "input").read_text() == "the input"


needs_seccomp = pytest.mark.skipif(not seccomp.works(), reason="the kernel filters no calls")


@needs_seccomp
@pytest.mark.parametrize(
    "call",
    [
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_INET6)",
        "socket.socket(socket.AF_VSOCK)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "os.chmod('own', 0o777)",
        "os.chown('own', 0, 0)",
        "os.setxattr('own', 'user.x', b'1')",
    ],
)
def test_no_socket_is_made_and_no_mode_is_changed(folder: Path, call: str) -> None:
    reach = Reach(readable=[str(folder / "input")], writable=[str(folder / "own")])
    mode = (folder / "own").stat().st_mode
    found = said(f"import os, socket; {call}; print('done')", folder, reach)
    assert "done" not in found
    assert "PermissionError" in found
    assert (folder / "own").stat().st_mode == mode


@pytest.mark.skipif(landlock.version() < 6, reason="the kernel's Landlock bounds no signals")
def test_no_signal_leaves_it(folder: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        found = said(f"import os; os.kill({other.pid}, 9); print('sent')", folder, Reach())
        assert other.poll() is None
        other.kill()
    assert "sent" not in found
    assert "PermissionError" in found


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_nothing_is_reached_over_the_network(folder: Path, port: int) -> None:
    if "network is open" in process.walls().shown:
        pytest.skip("this host lets no one close the network")
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=3); print('reached')"
    found = said(code, folder, Reach(readable=[str(folder)]))
    assert "reached" not in found
    assert "OSError" in found or "Permission" in found


def test_no_privileges_are_gained(folder: Path) -> None:
    code = "print([line for line in open('/proc/self/status') if line.startswith(('NoNewPrivs', 'CapEff'))])"
    found = said(code, folder, None)
    assert "NoNewPrivs:\\t1" in found
    if os.geteuid() == 0:
        assert "0000000000000006" in found  # reading what others own is left


def test_this_process_itself_is_not_bound(folder: Path) -> None:
    said("pass", folder, Reach())
    assert Path("/etc/passwd").read_text()
    assert (folder / "secret").read_text()


def test_a_program_that_is_not_there_is_an_error(folder: Path) -> None:
    outcome = process.run(["/no/such/program"], cwd=str(folder), timeout_s=scaled(5), reach=Reach())
    assert outcome.exit_code != 0


@needs_landlock
def test_ffmpeg_reads_its_input_and_no_sibling(folder: Path, binaries: Tools, media: Media) -> None:
    """A list that FFmpeg is made to accept still opens nothing beside it."""
    clip = Path(media.clip()).read_bytes()
    (folder / "clip.mp4").write_bytes(clip)
    (folder / "list.txt").write_text("ffconcat version 1.0\nfile clip.mp4\n")
    out = folder / "own" / "out.mkv"

    def run(*readable: str) -> Outcome:
        words = ("-v", "error", "-nostdin", "-y", "-f", "concat", "-safe", "0", "-i", str(folder / "list.txt"),
                 "-c", "copy", str(out))  # fmt: skip
        reach = Reach(
            readable=[str(folder / name) for name in readable], writable=[str(folder / "own")]
        )
        return process.run(
            [binaries.ffmpeg, *words], cwd=str(folder), timeout_s=scaled(30), reach=reach
        )

    refused = run("list.txt")
    assert refused.exit_code != 0
    assert any("Permission denied" in line for line in refused.stderr_tail)
    assert run("list.txt", "clip.mp4").is_success


@pytest.mark.parametrize(
    ("walls", "words", "is_whole"),
    [
        (Walls(prefix=("unshare", "--net", "--", "setpriv", "--no-new-privs", "--"), has_landlock=True, has_seccomp=True), "own files", True),
        (Walls(prefix=("unshare", "--net", "--"), has_landlock=True, has_seccomp=True, has_limits=False), "a moment late", False),
        (Walls(prefix=("unshare", "--net", "--"), has_landlock=True), "all system calls", False),
        (Walls(prefix=(), has_landlock=False), "all files of its user", False),
    ],
)  # fmt: skip
def test_the_doctor_is_told(walls: Walls, words: str, is_whole: bool) -> None:
    assert words in walls.shown
    assert walls.is_whole is is_whole


def test_a_busy_moment_does_not_take_the_walls_down(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    run = subprocess.run

    def late(*args: Any, **options: Any) -> Any:
        tried.append(args)
        if len(tried) == 1:
            raise subprocess.TimeoutExpired("true", 5)
        return run(*args, **options)

    monkeypatch.setattr(subprocess, "run", late)
    assert process._works(())
    assert not process._works(("/no/such/program",))
    assert len(tried) == 3


@pytest.mark.parametrize(("asked", "ends"), [("auto", False), ("require", True)])
def test_a_host_that_cannot_keep_ffmpeg_in_is_told_of_or_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: str, ends: bool
) -> None:
    monkeypatch.setattr(process, "walls", lambda: Walls(prefix=(), has_landlock=False))
    monkeypatch.setattr(settings, "current", lambda: Settings(sandbox=asked))
    with pytest.raises(SystemExit) if ends else nullcontext():
        check_walls()
    assert "all files of its user" in capsys.readouterr().err
