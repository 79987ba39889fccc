"""Secrets that are marked, through every path: what keeps or tells anything does not hold them."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.collector import Collector, collector
from tests.helpers.media import Media
from tests.helpers.pace import until
from tests.helpers.service import Service, files_in, running_service
from tests.helpers.specs import job, op
from tests.helpers.web import WebServer, web_server

pytestmark = pytest.mark.stack("secrets")

SIGNED = "SIGNED7f3a9c"
HOOK = "HOOK51be0d77"
BROKEN = "BROKEN20cc41"
JWT = "JWT3391d0aa-which-has-more-than-thirty-two-letters"
S3 = "S3KEY8d1f22e0"
MARKED = (SIGNED, HOOK, BROKEN, JWT, S3)
# what a job was given is kept as it was given, for those who gave it
GIVEN = {
    ("jobs", "spec"), ("plans", "spec"), ("webhook_deliveries", "url"), ("webhook_deliveries", "payload"),
}  # fmt: skip


@pytest.fixture(scope="module")
def spans() -> Iterator[Collector]:
    with collector() as made:
        yield made


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with web_server() as made:
        yield made


@pytest.fixture(scope="module")
def used(
    tmp_path_factory: pytest.TempPathFactory, media: Media, web: WebServer, spans: Collector
) -> Iterator[tuple[Service, list[str]]]:
    """A service at debug level, after jobs that succeed, fail, are retried, planned and refused."""
    env = {
        "LOG_LEVEL": "debug", "OTEL_BSP_SCHEDULE_DELAY": "200", "ALLOW_PRIVATE_NETWORKS": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": spans.endpoint,
        "JWT_ALGORITHM": "HS256", "JWT_SECRET": JWT, "AWS_ACCESS_KEY_ID": "AKIAMARKED", "AWS_SECRET_ACCESS_KEY": S3,
        "S3_ENDPOINT_URL": "http://127.0.0.1:9", "S3_ALLOWED_PREFIXES": "bucket",
    }  # fmt: skip
    with running_service(tmp_path_factory.mktemp("secrets") / "data", **env) as service:
        web.put("/clip.mp4", media.clip().read_bytes())
        web.put("/gone.mp4", status=403)
        web.put("/hook", statuses=[500], status=200)
        hook = web.url(f"/hook?token={HOOK}&x='\"{HOOK}")
        good = web.url(f"/clip.mp4?X-Amz-Signature={SIGNED}&sig={SIGNED}")
        bad = web.url(f"/gone.mp4?X-Amz-Signature={BROKEN}&token={BROKEN}'{BROKEN}\"{BROKEN}")
        s3 = f"s3://bucket/in.mp4?X-Amz-Signature={BROKEN}"
        ids = []
        for number, source in enumerate((good, bad)):
            out = service.media / f"out{number}.mp4"
            spec = job(source, op("scale", "src", "small", width=160, height=-2), small=out)
            sent = {**spec, "webhook_url": hook}
            for _ in range(2):  # the second is the same job, or a conflict
                headers = {"Idempotency-Key": f"key-{number}"}
                answer = service.client.post("/v1/jobs", json=sent, headers=headers)
                assert answer.status_code in (200, 201), answer.text
            service.client.post("/v1/jobs", json={**sent, "priority": 9}, headers=headers)
            service.client.post("/v1/plans", json=spec)
            ids.append(answer.json()["job_id"])
        for source in (bad, s3, f"https://user:{BROKEN}@127.0.0.1/x", f"ftp://u:{BROKEN}@h/x"):
            service.client.post("/v1/probe", json={"source": source})
        service.client.post("/v1/webhooks/test", json={"url": hook})
        for path in (f"/v1/jobs?cursor={BROKEN}", f"/nothing?token={BROKEN}"):
            service.client.get(path)
        statuses = [service.wait(job_id)["status"] for job_id in ids]
        assert statuses == ["completed", "failed"]
        yield service, ids


def found(text: str) -> list[str]:
    return [mark for mark in MARKED if mark in text]


def test_no_log_of_any_process_holds_one(used: tuple[Service, list[str]]) -> None:
    service, _ = used
    logs = [p for p in files_in(service.data_dir) if p.suffix == ".log"]
    logs += [service.data_dir.parent / f"{service.data_dir.name}.up.log"]
    assert len(logs) >= 6
    assert any("debug" in path.read_text(errors="replace") for path in logs)
    for path in logs:
        text = path.read_text(errors="replace")
        held = [line for line in text.splitlines() if found(line)]
        assert held == [], f"{path.name}: {held[:3]}"
        assert service.key.rpartition("_")[2] not in text or path.name.endswith(".up.log")


def test_no_row_holds_one_that_was_not_given_as_it(used: tuple[Service, list[str]]) -> None:
    service, _ = used
    columns = service.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    assert len(columns) > 60
    for table, column in columns:
        if (table, column) in GIVEN:
            continue
        for (value,) in service.rows(f'SELECT "{column}"::text FROM "{table}"'):
            assert found(value or "") == [], f"{table}.{column}: {value[:500]}"


def test_no_span_holds_one(used: tuple[Service, list[str]], spans: Collector) -> None:
    _, ids = used

    def are_told() -> bool:
        return {span.attributes.get("job_id") for span in spans.spans} >= set(ids)

    until("spans of both jobs", are_told, 15)
    for span in spans.spans:
        assert found(json.dumps([span.name, span.attributes], default=str)) == [], span


def test_no_bundle_holds_one(used: tuple[Service, list[str]]) -> None:
    service, ids = used
    for job_id in ids:
        whole = service.client.get(f"/v1/jobs/{job_id}/bundle").content
        with zipfile.ZipFile(io.BytesIO(whole)) as bundle:
            for name in bundle.namelist():
                assert found(bundle.read(name).decode(errors="replace")) == [], name


def test_what_is_told_of_a_failure_holds_none(used: tuple[Service, list[str]]) -> None:
    service, ids = used
    for job_id in ids:
        shown: dict[str, Any] = service.job(job_id)
        for part in ("error", "warnings", "analysis", "why", "running"):
            assert found(json.dumps(shown[part])) == [], part
        for path in ("logs", "steps", "plan"):
            assert found(service.client.get(f"/v1/jobs/{job_id}/{path}").text) == [], path


def test_no_file_is_left_that_holds_one(used: tuple[Service, list[str]]) -> None:
    """Work files, what is found by another terminal, what beat keeps."""
    service, _ = used
    kept = [p for p in files_in(service.data_dir) if "postgres" not in p.parts]
    assert kept
    for path in kept:
        if path.suffix != ".mp4":
            assert found(path.read_bytes().decode("latin-1")) == [], path


def test_no_command_line_and_no_title_of_a_process_holds_one(
    used: tuple[Service, list[str]],
) -> None:
    service, _ = used
    for pid in service.pids():
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode("latin-1")
        assert found(line) == [], line
