"""What is beside the code for operators: each file is checked by the tool of its format, and names only
what there is."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from app import metrics, settings
from app.services import metrics as gauges
from operators.reading import declared
from tests.helpers.compose import ours, services

DOCKER = Path(__file__).parents[3] / "docker"
DOCS = DOCKER.parent / "docs"
_BIN = Path(sys.executable).parent
_NAME = re.compile(r"media_pipeline_[a-z_]+")
_OUTSIDE = ("AWS_", "FLOWER_", "LOG_")


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml", "compose.dev.yaml"],
        ["kubernetes-validate", "--strict", "kubernetes/base.yaml", "kubernetes/api.yaml", "kubernetes/workers.yaml"],
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_files_are_valid(command: list[str]) -> None:
    words = [str(_BIN / command[0]), *command[1:]]
    done = subprocess.run(words, cwd=DOCKER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_sets_only_what_there_is() -> None:
    known = {name.upper() for name in declared(settings.Settings)}
    for name, service in ours(services()).items():
        for variable in service["environment"]:
            plain = variable.removesuffix("_FILE")
            assert plain in known or variable.startswith(_OUTSIDE), (name, variable)


def test_every_service_has_limits_and_says_when_it_is_well() -> None:
    for name, service in services().items():
        assert service["deploy"]["resources"]["limits"]["memory"], name
        if name not in ("minio", "buckets", "migrate"):
            assert service["healthcheck"], name
    for name, service in ours(services()).items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name


def test_media_workers_have_no_way_outside() -> None:
    assert services()["media"]["networks"] == ["inside"]
    assert yaml.safe_load((DOCKER / "compose.yaml").read_text())["networks"]["inside"] == {
        "internal": True
    }


def _exposed() -> set[str]:
    """Names of all series that /metrics may show."""
    found = set()
    with metrics.registry() as registry:
        for family in registry.collect():
            ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
            found |= {family.name + end for end in ends.get(family.type, ("",))}
    made = Path(gauges.__file__ or "").read_text()
    return found | {
        f"media_pipeline_{name}" for name in re.findall(r'_gauge\(\s*"([a-z_]+)"', made)
    }


def _alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((DOCKER / "monitoring/alerts.yaml").read_text())
    found: list[dict[str, Any]] = rules["groups"][0]["rules"]
    return found


def _expressions() -> list[str]:
    panels = json.loads((DOCKER / "monitoring/dashboard.json").read_text())["panels"]
    shown = [target["expr"] for panel in panels for target in panel["targets"]]
    (scaled, _) = yaml.safe_load_all((DOCKER / "kubernetes/scaling.yaml").read_text())
    queries = [trigger["metadata"]["query"] for trigger in scaled["spec"]["triggers"]]
    return [rule["expr"] for rule in _alerts()] + shown + queries


@pytest.mark.parametrize("expression", _expressions())
def test_alerts_and_dashboard_ask_for_metrics_that_exist(expression: str) -> None:
    promql_parser.parse(expression)
    named = set(_NAME.findall(expression))
    assert named
    assert named <= _exposed()


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    shown = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for text in _expressions()
        for name in _NAME.findall(text)
    }
    plain = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for name in _exposed()
        if name.startswith("media_")
    }
    assert plain - shown <= {
        # details to look up when a panel shows that something is wrong
        "media_pipeline_build_info", "media_pipeline_jobs_submitted_total", "media_pipeline_step_attempts_total",
        "media_pipeline_ffmpeg_runs_total", "media_pipeline_ffmpeg_run_seconds", "media_pipeline_webhook_try_seconds",
        "media_pipeline_sweep_faults_total",
    }  # fmt: skip


def test_the_runbook_has_a_page_for_every_alert() -> None:
    text = (DOCS / "runbook.md").read_text()
    for rule in _alerts():
        assert f"## {rule['alert']}\n" in text, rule["alert"]
        page = text.partition(f"## {rule['alert']}\n")[2].partition("\n## ")[0]
        assert "```" in page, f"{rule['alert']} has no command to run"
