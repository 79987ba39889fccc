"""The services of the compose file, as processes: a job goes through all of them, and what operators look
at shows it: metrics, Flower in a browser, the trace, the doctor."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.helpers.collector import Collector, collector
from tests.helpers.compose import Deployment, Process, deployment, ours
from tests.helpers.http_client import ask, http_client
from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import TERMINAL

pytestmark = [pytest.mark.stack("deployment"), pytest.mark.server]

TRACE_ID, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SCREENSHOTS = Path(".cache/screenshots")


@pytest.fixture(scope="module")
def traces() -> Iterator[Collector]:
    with collector() as made:
        yield made


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, traces: Collector) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    with deployment(
        folder, DRAIN_S=f"{scaled(2):g}", OTEL_EXPORTER_OTLP_ENDPOINT=traces.endpoint
    ) as made:
        made.extra |= {
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "LOG_LEVEL": "info",
            "SWEEP_S": f"{scaled(4):g}",
        }
        for name in ours(made.found):
            if name != "migrate":
                made.start(name)
        made.start("beat")  # for high availability there are two
        made.await_all(lambda process: process.healthcheck is None or process.is_healthy())
        yield made


def process(deployed: Deployment, name: str) -> Process:
    return next(one for one in deployed.running if one.name == name and one.child.poll() is None)


@pytest.fixture(scope="module")
def client(deployed: Deployment) -> Iterator[httpx.Client]:
    made = deployed.run("api", "apikey", "create")
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    with http_client(process(deployed, "api").url, headers) as made_client:
        yield made_client


@pytest.fixture(scope="module")
def job(deployed: Deployment, client: httpx.Client, media: Media) -> dict[str, Any]:
    """A job that reads from S3 and writes there, with the trace of its caller."""
    source = deployed.s3.put("default/clip.mp4", media.clip().read_bytes())
    spec = {
        "inputs": [{"id": "src", "source": source, "type": "video"}],
        "operations": [
            {"op": "trim", "input": "src", "output": "cut", "params": {"duration": "2s"}},
            {
                "op": "scale",
                "input": "cut",
                "output": "small",
                "params": {"width": 160, "height": -2},
            },
        ],
        "outputs": [{"id": "small", "destination": "s3://media/default/out.mp4"}],
    }
    headers = {"traceparent": f"00-{TRACE_ID}-{CALLER}-01", "X-Request-ID": "req-of-the-test"}
    answer = client.post("/v1/jobs", json=spec, headers=headers)
    assert answer.status_code == 201, answer.text
    return _wait(client, answer.json()["job_id"])


def _wait(client: httpx.Client, job_id: str, seconds: float = 60) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        return found if found["status"] in TERMINAL else None

    return until(f"{job_id} has ended", ended, seconds)


def test_a_job_goes_through_all_services(deployed: Deployment, job: dict[str, Any]) -> None:
    assert job["status"] == "completed", (job["error"], deployed.logs())
    assert job["outputs"][0]["media_info"]["video"][0]["width"] == 160
    assert deployed.s3.keys("default/") == ["default/clip.mp4", "default/out.mp4"]


def test_migrations_run_once_more_do_nothing(deployed: Deployment) -> None:
    assert deployed.run("migrate").returncode == 0


def _metrics(text: str) -> dict[str, list[Any]]:
    """Samples by name; fails on what Prometheus would not read."""
    families = list(text_string_to_metric_families(text))
    for family in families:
        assert family.documentation, family.name
        assert family.name.startswith(("media_pipeline_", "python_", "process_")), family.name
    found: dict[str, list[Any]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def test_metrics_of_the_api_and_of_workers_show_the_job(
    deployed: Deployment, client: httpx.Client, job: dict[str, Any]
) -> None:
    assert ask(f"{process(deployed, 'api').url}/metrics").status_code == 401
    api = _metrics(client.get("/metrics").raise_for_status().text)
    assert api["media_pipeline_jobs_submitted_total"][0].value == 1
    routes = {sample.labels["route"] for sample in api["media_pipeline_http_requests_total"]}
    assert "/v1/jobs/<job_id>" in routes
    assert not any(job["job_id"] in route for route in routes)
    up = {s.labels["dependency"]: s.value for s in api["media_pipeline_dependency_up"]}
    assert up == {"postgres": 1, "redis": 1}
    media = _metrics(ask(f"{process(deployed, 'media').url}/metrics").text)
    (done,) = media["media_pipeline_step_attempts_total"]
    assert (done.labels, done.value) == ({"kind": "ffmpeg", "status": "completed"}, 1)
    assert media["media_pipeline_ffmpeg_media_seconds_total"][0].value == pytest.approx(2, abs=0.2)
    transfer = _metrics(ask(f"{process(deployed, 'transfer').url}/metrics").text)
    moved = {s.labels["direction"] for s in transfer["media_pipeline_transferred_bytes_total"]}
    assert moved == {"in", "out"}
    control = _metrics(ask(f"{process(deployed, 'control').url}/metrics").text)
    assert control["media_pipeline_job_wait_seconds_count"][0].value == 1


def test_the_trace_leads_from_the_caller_to_ffmpeg(traces: Collector, job: dict[str, Any]) -> None:
    steps_of = ["run step"] * 3  # each tells of itself when it is over, the last one last
    spans = traces.await_spans(TRACE_ID, "POST /v1/jobs", "plan job", *steps_of, "run ffmpeg")
    (request,) = [span for span in spans if span.name == "POST /v1/jobs"]
    assert request.parent_id == CALLER
    (planned,) = [span for span in spans if span.name == "plan job"]
    assert planned.parent_id == request.span_id
    steps = {span.span_id: span for span in spans if span.name == "run step"}
    assert {span.parent_id for span in steps.values()} == {request.span_id}
    assert sorted(span.attributes["kind"] for span in steps.values()) == [
        "ffmpeg", "transfer", "transfer",
    ]  # fmt: skip
    (ffmpeg,) = [
        s
        for s in spans
        if s.name == "run ffmpeg" and s.parent_id in steps and "frame" in s.attributes
    ]
    assert steps[ffmpeg.parent_id].attributes["kind"] == "ffmpeg"
    assert steps[ffmpeg.parent_id].attributes["job_id"] == job["job_id"]
    assert ffmpeg.attributes["process.exit.code"] == 0
    assert ffmpeg.attributes["out_time_ms"] == pytest.approx(2000, abs=100)
    assert {"INSERT", "UPDATE"} <= {
        span.name.upper() for span in spans
    }  # queries belong to it, too
    assert all(span.parent_id for span in traces.spans if span.name.upper() == "SELECT")


def test_of_two_beats_one_is_enough(deployed: Deployment) -> None:
    def sweeps() -> float:
        text = ask(f"{process(deployed, 'control').url}/metrics").raise_for_status().text
        found = _metrics(text).get("media_pipeline_sweeps_total")
        return float(found[0].value) if found else 0

    first = process(deployed, "beat")
    first.end()
    deployed.running.remove(first)
    before = sweeps()
    until("the other beat sends a sweep", lambda: sweeps() > before, 30, deployed.logs)


def test_log_lines_name_request_job_step_attempt_and_worker(
    deployed: Deployment, job: dict[str, Any]
) -> None:
    (log,) = deployed.folder.glob("media-*.log")
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    (done,) = [line for line in lines if line["event"] == "step completed"]
    assert done["request_id"] == "req-of-the-test"
    assert done["job_id"] == job["job_id"]
    assert (done["step_id"], done["attempt"]) == ("s2", 1)
    assert done["worker"].startswith("media@")
    assert done["trace_id"] == TRACE_ID


def test_the_doctor_finds_the_deployment_well(deployed: Deployment) -> None:
    done = deployed.run("media", "doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, found
    assert found["storage"].endswith("s3://media")
    assert "noeviction" in found["redis"]


def test_the_doctor_says_what_is_wrong(deployed: Deployment) -> None:
    before = dict(deployed.extra)
    deployed.extra |= {"S3_ALLOWED_PREFIXES": "nowhere", "REDIS_URL": "redis://127.0.0.1:1/0"}
    try:
        done = deployed.run("media", "doctor", "--json")
    finally:
        deployed.extra.clear()
        deployed.extra.update(before)
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert found["storage"].startswith("!bucket nowhere: is ")
    assert found["redis"].startswith("!")


def test_flower_asks_for_its_login(deployed: Deployment, job: dict[str, Any]) -> None:
    url = f"{process(deployed, 'flower').url}/flower"
    assert ask(f"{url}/tasks").status_code == 401
    assert ask(f"{url}/api/tasks").status_code == 401
    assert ask(f"{url}/tasks", auth=deployed.login()).status_code == 200
    assert ask(f"{process(deployed, 'flower').url}/tasks", auth=deployed.login()).status_code == 404
    text = ask(f"{url}/metrics").raise_for_status().text
    assert 'flower_events_total{task="media_pipeline.run_step"' in text


@pytest.mark.browser
def test_flower_shows_workers_and_tasks_in_a_browser(
    deployed: Deployment, job: dict[str, Any], tmp_path: Path
) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium: make chromium")
    url = f"{process(deployed, 'flower').url}/flower"
    tasks = ask(f"{url}/api/tasks", auth=deployed.login()).json()
    ran = {key: one for key, one in tasks.items() if one["name"] == "media_pipeline.run_step"}
    assert {one["state"] for one in ran.values()} == {"SUCCESS"}
    inside = url.replace("//", "//{}:{}@".format(*deployed.login()))
    workers = _look(browser, f"{inside}/workers", "flower-workers", tmp_path)
    for name in ("control", "media", "transfer", "webhooks"):
        assert re.search(rf"{name}@\S+", workers), workers
    assert workers.count("Online") >= 4
    listed = _look(browser, f"{inside}/tasks", "flower-tasks", tmp_path)
    # the latest ten: on a slow machine the sweep's may be among them
    assert "media_pipeline." in listed
    assert "clip.mp4" not in listed
    # which step, and what it does, but no names of files
    (worked,) = [key for key, one in ran.items() if "trim + scale" in one["args"]]
    page = _look(browser, f"{inside}/task/{worked}", "flower-task", tmp_path)
    assert "media_pipeline.run_step" in page
    assert "(s2: trim + scale" in page
    assert job["job_id"] in page
    assert "clip.mp4" not in page


def _look(browser: str, url: str, name: str, profile: Path) -> str:
    """The page as the browser has it; its picture is kept."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    picture = SCREENSHOTS.absolute() / f"{name}.png"
    picture.unlink(missing_ok=True)
    options = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1700,800",
        "--virtual-time-budget=6000", f"--user-data-dir={profile}",
    ]  # fmt: skip
    subprocess.run(
        [*options, f"--screenshot={picture}", url],
        check=True,
        capture_output=True,
        timeout=scaled(60),
    )
    assert picture.stat().st_size > 10_000
    done = subprocess.run(
        [*options, "--dump-dom", url],
        check=True,
        capture_output=True,
        text=True,
        timeout=scaled(60),
    )
    return done.stdout
