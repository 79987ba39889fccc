"""`make load` in short: the mix of a backend's requests meets no error while jobs encode."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.pace import scaled
from tests.helpers.service import Service

pytestmark = pytest.mark.stack("default")


def test_a_few_seconds_of_load_meet_no_error(service: Service, clip: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "bench.load", "--url", str(service.client.base_url), "--key", service.key,
            "--source", f"file://{clip}", "--users", "5", "--seconds", "6",
        ],
        capture_output=True, text=True, check=False, timeout=scaled(60),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line[:42].strip(): line[42:].split() for line in done.stdout.splitlines()}
    assert {"POST /v1/jobs", "GET /v1/jobs/{id}", "Aggregated"} <= lines.keys()
    count, errors = map(int, lines["Aggregated"][:2])
    assert count > 10
    assert errors == 0
