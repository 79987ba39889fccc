"""What is counted stays counted, whatever process counted it."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from app.cli.counts_folder import own_folder

_COUNT = "from app import metrics; metrics.sweeps.inc(2); metrics.ffmpeg_run.observe(0.3)"
_SHOW = (
    "from app import metrics; from prometheus_client import generate_latest\n"
    "with metrics.registry() as found: print(generate_latest(found).decode())"
)


def _python(code: str, folder: Path) -> str:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def _values(text: str) -> dict[str, float]:
    return {
        sample.name + "".join(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_counts_of_ended_processes_are_kept_in_one_file(tmp_path: Path) -> None:
    for _ in range(3):
        _python(_COUNT, tmp_path)
    for _ in range(2):  # looking twice counts nothing twice
        found = _values(_python(_SHOW, tmp_path))
        assert found["media_pipeline_sweeps_total"] == 6
        assert found["media_pipeline_ffmpeg_run_seconds_count"] == 3
        assert found["media_pipeline_ffmpeg_run_seconds_bucket0.25"] == 0
        assert found["media_pipeline_ffmpeg_run_seconds_bucket0.5"] == 3
    files = {file.name for file in tmp_path.glob("*.db")}
    assert {"counter_ended.db", "histogram_ended.db"} <= files
    assert len(files) <= 4  # the last process that showed is not folded yet


def test_folders_of_dead_processes_are_removed() -> None:
    code = "from app.cli.counts_folder import own_folder; print(own_folder())"
    left = Path(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
    )
    assert left.is_dir()
    own = Path(own_folder())
    try:
        assert own.is_dir()
        assert not left.exists()
    finally:
        own.rmdir()
