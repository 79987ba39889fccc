"""The HTTP API keeps to its own OpenAPI document, whatever is sent: schemathesis asks."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.helpers.pace import scaled
from tests.helpers.service import Service

pytestmark = pytest.mark.stack("contract")

SECRET = "what signs the credential of this test"
SCOPES = "jobs:read jobs:write admin"


@pytest.fixture
def service(stacks: Any) -> Service:
    running: Service = stacks.get("contract", JWT_ALGORITHM="HS256", JWT_SECRET=SECRET)
    return running


def check(service: Service, folder: Path, seconds: int, *more: str) -> None:
    """All checks on all operations, for so long; the examples are of files that the service may use."""
    described = service.client.get("/openapi.json").text
    document = folder / "openapi.json"
    document.write_text(described.replace("file:///media/", f"file://{service.media}/"))
    # a token: keys are revoked by the very operations that are tried
    expires = time.time() + seconds + 600
    claims = {"sub": "tester", "tenant": "default", "scopes": SCOPES, "exp": expires}
    token = jwt.encode(claims, SECRET, "HS256")
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(Path(__file__).with_name("schemathesis.toml")),
            "run", str(document), "--url", str(service.client.base_url), "-H", f"Authorization: Bearer {token}",
            "--max-time", str(seconds), "--request-timeout", f"{scaled(20):.0f}", *more,
        ],
        cwd=folder, capture_output=True, text=True, check=False, timeout=scaled(seconds * 3 + 120),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Server error" not in done.stdout


def test_the_api_is_what_it_says(service: Service, tmp_path: Path) -> None:
    check(service, tmp_path, 25, "--seed", "1")


@pytest.mark.full
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("seed", [2, 3])
def test_for_a_long_time(service: Service, tmp_path: Path, seed: int) -> None:
    check(service, tmp_path, 400, "--seed", str(seed))
