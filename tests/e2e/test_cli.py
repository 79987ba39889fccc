"""The command line as a person uses it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import clean_env, processes_naming, running_service

pytestmark = pytest.mark.stack

SPEC: dict[str, Any] = {
    "inputs": [{"id": "src", "source": "clip.mp4"}],
    "operations": [
        {"op": "trim", "input": "src", "output": "cut", "params": {"start": 1, "end": 2}},
        {"op": "scale", "input": "cut", "output": "small", "params": {"height": 120}},
    ],
    "outputs": [{"id": "small", "destination": "out/small.mp4"}],
}


@pytest.fixture
def folder(tmp_path: Path, media: Media) -> Path:
    shutil.copy(media.clip(), tmp_path / "clip.mp4")
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    return tmp_path


def cli(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=cwd, env=clean_env(COLUMNS="200", **env), capture_output=True, text=True, timeout=scaled(100), check=False,
    )  # fmt: skip


def test_run_makes_the_file_and_says_so(folder: Path, media: Media) -> None:
    done = cli("run", "spec.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "out/small.mp4" in done.stdout
    assert "h264 160x120 30 fps" in done.stdout
    assert len(media.frame_hashes(folder / "out" / "small.mp4")) == 30
    assert processes_naming(str(folder)) == []


def test_run_as_json_prints_one_document(folder: Path) -> None:
    done = cli("run", "spec.json", "--json", "--data-dir", "data", cwd=folder)
    document = json.loads(done.stdout)
    assert (done.returncode, document["status"]) == (0, "completed")
    assert (folder / "data" / "logs" / "media1.log").exists()


def test_a_job_that_fails_is_exit_1_with_the_cause(folder: Path) -> None:
    (folder / "clip.mp4").write_text("not media " * 100)
    done = cli("run", "spec.json", cwd=folder)
    assert done.returncode == 1
    assert "INPUT_CORRUPTED" in done.stderr
    assert "/inputs/0/source" in done.stderr


def test_a_bad_spec_is_exit_2_with_every_problem(folder: Path) -> None:
    bad = {
        **SPEC,
        "operations": [{"op": "trimm", "input": "nobody", "output": "small"}],
        "tmeout": 1,
    }
    (folder / "spec.json").write_text(json.dumps(bad))
    for command in ("run", "plan", "validate"):
        done = cli(command, "spec.json", cwd=folder)
        assert done.returncode == 2
        assert all(
            code in done.stderr
            for code in ("UNKNOWN_OPERATOR", "INVALID_REFERENCE", "UNKNOWN_FIELD")
        )
    document = json.loads(cli("validate", "spec.json", "--json", cwd=folder).stdout)
    assert (document["valid"], len(document["errors"])) == (False, 3)


@pytest.mark.parametrize("content", [None, "{", "[]", "\ufeff"])
def test_what_is_no_spec_is_exit_2(folder: Path, content: str | None) -> None:
    path = folder / "spec.json"
    path.unlink() if content is None else path.write_text(content)
    done = cli("validate", "spec.json", cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_plan_is_explained_and_its_script_works(
    folder: Path, media: Media, tmp_path: Path
) -> None:
    tree = cli("plan", "spec.json", cwd=folder).stdout
    assert "op_1_scale" in tree
    assert "[0:v:0]scale=w=320:h=240,setparams=range=tv:colorspace=smpte170m,trim=" in tree
    document = json.loads(cli("plan", "spec.json", "--format", "json", cwd=folder).stdout)
    assert document["plan_id"] in tree
    script = cli("plan", "spec.json", "--format", "sh", cwd=folder).stdout
    (folder / "out").mkdir()
    (folder / "bin").mkdir()
    (folder / "bin" / "ffmpeg").symlink_to(media.binaries.ffmpeg)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    subprocess.run(
        ["sh"],
        input=script,
        env={"PATH": path},
        text=True,
        check=True,
        capture_output=True,
        timeout=scaled(60),
    )
    assert len(media.frame_hashes(folder / "out" / "small.mp4")) == 30


def test_files_and_operators_are_shown(folder: Path) -> None:
    assert "h264 320x240 30 fps" in cli("probe", "clip.mp4", cwd=folder).stdout
    assert json.loads(cli("probe", "clip.mp4", "--json", cwd=folder).stdout)["duration_ms"] == 4000
    assert cli("probe", "spec.json", cwd=folder).returncode == 1
    assert "scale" in cli("operators", cwd=folder).stdout
    assert "algorithm" in cli("operators", "scale", cwd=folder).stdout
    assert cli("operators", "scal", cwd=folder).returncode == 2
    assert cli("nonsense", cwd=folder).returncode == 2


def test_the_doctor_looks_at_this_machine(folder: Path) -> None:
    done = cli("doctor", "--json", cwd=folder, WORK_DIR=str(folder / "work"))
    found = json.loads(done.stdout)
    assert done.returncode == 0, found
    assert found["ffmpeg"][0].isdigit()


def test_an_environment_that_cannot_be_used_is_said(folder: Path) -> None:
    done = cli("probe", "clip.mp4", cwd=folder, LEASE_S="soon")
    assert done.returncode == 2
    assert "LEASE_S" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_no_process_and_no_file(
    folder: Path, media: Media, number: int
) -> None:
    shutil.copy(media.clip("long.mp4", seconds=10), folder / "clip.mp4")
    slow = {
        **SPEC,
        "operations": [
            {"op": "scale", "input": "src", "output": "small", "params": {"width": 1920}}
        ],
    }
    slow["outputs"] = [
        {
            "id": "small",
            "destination": "o.mp4",
            "codec": {"video": {"codec": "h264", "preset": "slower"}},
        }
    ]
    (folder / "spec.json").write_text(json.dumps(slow))
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "run", "spec.json", "--data-dir", "data"],
        cwd=folder, env=clean_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def encodes() -> bool:
        return any("-progress" in line for line in processes_naming(str(folder)))

    until("FFmpeg encodes", encodes, 40, lambda: processes_naming(str(folder)))
    process.send_signal(number)
    assert process.wait(timeout=scaled(30)) == 130
    assert processes_naming(str(folder)) == []
    assert sorted(path.name for path in folder.iterdir()) == ["clip.mp4", "data", "spec.json"]
    assert [p for p in (folder / "data" / "work").rglob("*") if p.is_file()] == []


def test_a_data_folder_serves_one(tmp_path: Path) -> None:
    import fcntl

    (tmp_path / "media").mkdir()
    with open(tmp_path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = cli("up", "--data-dir", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 2
    assert "in use" in done.stderr


def test_another_terminal_finds_the_service_that_runs_here(folder: Path) -> None:
    """Without an address, a key or a variable, from the folder in which `up` was started."""
    with running_service(folder / "media-pipeline-data") as service:
        shown = cli("queue", "show", cwd=folder)
        assert (shown.returncode, shown.stdout.startswith("admitting")) == (0, True), shown.stderr
        key = cli("apikey", "create", "--tenant", "acme", cwd=folder).stdout.strip()
        headers = {"Authorization": f"Bearer {key}"}
        assert service.client.get("/v1/jobs", headers=headers).status_code == 200
        asked = cli("doctor", "--only", "workers", "--only", "postgres", cwd=folder)
        assert asked.returncode == 0, asked.stdout
        told = folder / "media-pipeline-data" / "service.json"
        assert told.stat().st_mode & 0o777 == 0o600
        far = cli("--data-dir", str(folder / "media-pipeline-data"), "queue", "show", cwd=Path("/"))
        assert far.returncode == 0, far.stderr
    gone = cli("queue", "show", cwd=folder)
    assert gone.returncode == 3
    assert len(gone.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (["queue", "show"], {}, "The database does not answer"),
        (["apikey", "create"], {"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, "does not answer"),
        (["db", "upgrade"], {"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, "does not answer"),
        (["up"], {"FFMPEG_BINARY": "/nowhere/ffmpeg"}, "FFMPEG_UNAVAILABLE"),
        (["up", "--data-dir", "clip.mp4"], {}, "Not a directory"),
        (["up", "--data-dir", "/proc/nothing"], {}, "No such file"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_one_line_before_anything_starts(
    folder: Path, words: list[str], env: dict[str, str], said: str
) -> None:
    done = cli(*words, cwd=folder, **env)
    assert done.returncode in (1, 3)
    (line,) = done.stderr.splitlines()
    assert said in line
    assert "secret" not in done.stderr
    assert processes_naming(str(folder)) == []


@pytest.mark.parametrize("option", ["--port", "--flower-port"])
def test_a_port_that_is_taken_is_said_before_a_key_is_made(folder: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = cli("up", option, str(taken.getsockname()[1]), cwd=folder)
    assert done.returncode == 1
    assert f"choose another with {option}" in done.stderr
    assert "API key" not in done.stdout
