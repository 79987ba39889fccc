"""The client commands against a running server, as a person or a script uses them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.pace import scaled
from tests.helpers.service import Service, clean_env, free_port
from tests.helpers.specs import busy, job, op

pytestmark = pytest.mark.stack("default")
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def cli(service: Service, tmp_path: Path) -> Callable[..., Done]:
    def run(*words: str, **env: str) -> Done:
        known = {
            "MEDIA_PIPELINE_URL": str(service.client.base_url),
            "MEDIA_PIPELINE_API_KEY": service.key,
        }
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *words], cwd=tmp_path, capture_output=True, text=True,
            env=clean_env(COLUMNS="200", **{**known, **env}), timeout=scaled(100), check=False,
        )  # fmt: skip

    return run


def write(tmp_path: Path, spec: object) -> str:
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    return "spec.json"


def test_a_job_is_submitted_watched_and_read(
    cli: Callable[..., Done], service: Service, clip: Path, tmp_path: Path
) -> None:
    out = service.media / "out" / "client.mp4"
    spec = write(
        tmp_path, {**job(clip, op("trim", "src", "cut", end=1), cut=out), "tags": {"by": "client"}}
    )
    submitted = cli("submit", spec)
    assert submitted.returncode == 0, submitted.stderr
    job_id = submitted.stdout.strip()
    watched = cli("watch", job_id)
    assert (watched.returncode, str(out) in watched.stdout) == (0, True)
    assert "completed" in cli("status", job_id).stdout
    shown = json.loads(cli("status", job_id, "--json").stdout)
    assert (shown["job_id"], shown["status"]) == (job_id, "completed")
    assert "Job completed." in cli("logs", job_id).stdout
    listed = cli("list", "--tag", "by:client", "--status", "completed").stdout
    assert job_id in listed
    assert cli("cancel", job_id).returncode == 2  # it has ended


def test_a_failed_job_tells_why_and_where(
    cli: Callable[..., Done], service: Service, clip: Path, tmp_path: Path
) -> None:
    spec = busy(clip, service.media / "out" / "client-failed.mp4")
    spec["limits"] = {"max_memory": 1_000_000}
    done = cli("submit", write(tmp_path, spec), "--watch")
    assert done.returncode == 1
    assert "INSUFFICIENT_MEMORY" in done.stderr
    assert "in step s1 (" in done.stderr
    assert "attempts: 3" in done.stderr
    (job_id,) = [
        j["job_id"] for j in json.loads(cli("list", "--limit", "1", "--json").stdout)["data"]
    ]
    again = cli("retry", job_id, "--json")
    assert json.loads(again.stdout)["retry_count"] == 1
    assert cli("cancel", job_id).returncode == 0
    assert "cancelled" in cli("watch", job_id).stderr


def test_what_is_wrong_has_its_exit_code(
    cli: Callable[..., Done], service: Service, tmp_path: Path
) -> None:
    bad = cli("submit", write(tmp_path, {"inputs": []}))
    assert (bad.returncode, "/inputs" in bad.stderr) == (2, True)
    unknown = cli("status", "job_" + "0" * 32, "--json")
    assert (unknown.returncode, json.loads(unknown.stdout)["code"]) == (2, "JOB_NOT_FOUND")
    stranger = cli("list", MEDIA_PIPELINE_API_KEY="mp_live_x_y")
    assert (stranger.returncode, "UNAUTHENTICATED" in stranger.stderr) == (1, True)
    nobody = cli("list", MEDIA_PIPELINE_URL=f"http://127.0.0.1:{free_port()}")
    assert nobody.returncode == 3
    assert "Traceback" not in nobody.stderr
