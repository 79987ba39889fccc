"""Plans of many steps: chains and chords over real workers, messages that come twice."""

import time
from pathlib import Path

import pytest

from tests.helpers.media import Media
from tests.helpers.pace import scaled
from tests.helpers.render import render
from tests.helpers.service import VISIBILITY_TIMEOUT_S, Service
from tests.helpers.specs import job, op, slow

pytestmark = pytest.mark.stack("stepwise")


@pytest.fixture
def source(stepwise: Service, media: Media) -> Path:
    return stepwise.place(media.clip())


def test_a_graph_of_many_steps_runs_in_order(stepwise: Service, source: Path, media: Media) -> None:
    out = stepwise.media / "out"
    done = stepwise.run(
        job(
            source,
            op("trim", "src", "cut", start=1, end=3),
            op("scale", "cut", "wide", width=640),
            op("scale", "cut", "narrow", width=160),
            op("trim", "wide", "short", end=1),
            cut=out / "cut.mp4",
            narrow=out / "narrow.mp4",
            short=out / "short.mp4",
        )
    )
    assert done["status"] == "completed", done["error"]
    steps = stepwise.get(f"/v1/jobs/{done['job_id']}/steps")["data"]
    assert [step["depends_on"] for step in steps if step["stage"] == 0] == [[]]
    assert len(steps) == 7
    assert all([a["status"] for a in step["attempts"]] == ["completed"] for step in steps)
    began = {step["step_id"]: step["attempts"][0]["started_at"] for step in steps}
    ended = {step["step_id"]: step["attempts"][0]["completed_at"] for step in steps}
    for step in steps:
        assert all(ended[needed] <= began[step["step_id"]] for needed in step["depends_on"])
    assert len(media.frame_hashes(out / "cut.mp4")) == 60
    assert len(media.frame_hashes(out / "short.mp4")) == 30
    assert stepwise.work_files(done["job_id"]) == []


def test_the_stepwise_plan_makes_the_same_frames(
    stepwise: Service, source: Path, media: Media, tmp_path: Path
) -> None:
    out = stepwise.media / "same.mkv"
    spec = job(
        source, op("trim", "src", "cut", start=1, end=2), op("scale", "cut", "s", width=200), s=out
    )
    spec["outputs"][0]["codec"] = {"video": {"codec": "ffv1"}, "audio": {"codec": "flac"}}

    assert stepwise.run(spec)["status"] == "completed"
    fused = render(spec, tmp_path, media.binaries)

    one, other = media.frame_hashes(out), media.frame_hashes(fused.paths[0])
    assert len(fused.plan.steps) == 1
    assert one == other
    assert len(one) == 30


def test_a_step_longer_than_the_visibility_timeout_runs_once(
    stepwise: Service, media: Media
) -> None:
    source = stepwise.place(media.clip("long.mp4", seconds=10))
    spec = slow(source, stepwise.media / "o.mp4", rate=10 / scaled(3 * VISIBILITY_TIMEOUT_S))
    job_id = stepwise.submit(spec)["job_id"]
    began = time.monotonic()
    done = stepwise.wait(job_id)

    assert done["status"] == "completed", done["error"]
    assert time.monotonic() - began > scaled(2 * VISIBILITY_TIMEOUT_S), "too quick to show anything"
    for step in stepwise.get(f"/v1/jobs/{job_id}/steps")["data"]:
        assert [attempt["status"] for attempt in step["attempts"]] == ["completed"]


def test_a_failing_branch_fails_the_job_and_stops_the_others(
    stepwise: Service, source: Path
) -> None:
    spec = job(
        source,
        op("scale", "src", "a", width=640),
        op("scale", "src", "b", width=320),
        a=stepwise.media / "out" / "a.mp4",
        b=stepwise.media / "out" / "folder" / "b.mp4",
    )
    plan_id = stepwise.client.post("/v1/plans", json=spec).json()["plan_id"]
    (stepwise.media / "out").mkdir(exist_ok=True)
    (stepwise.media / "out" / "folder").write_text("in the way")
    done = stepwise.run({"plan_id": plan_id})
    assert (done["status"], done["error"]["code"]) == ("failed", "INVALID_OUTPUT")
    assert "is not a folder" in done["error"]["message"]
    steps = stepwise.get(f"/v1/jobs/{done['job_id']}/steps")["data"]
    failed = [step for step in steps if step["status"] == "failed"]
    assert [len(step["attempts"]) for step in failed] == [1]
    assert not (stepwise.media / "out" / "a.mp4").exists(), "half a job was published"


def test_steps_run_where_the_files_are_that_they_read(
    stepwise: Service, source: Path, tmp_path: Path
) -> None:
    """With two machines that share no work folder, chains stay on one of them."""
    worked: set[bool] = set()

    def run_chains(first: int) -> None:
        """Six chains at once; each must be run by one machine."""
        specs = [
            job(
                source,
                op("scale", "src", "a", width=640),
                op("trim", "a", "b", end=1),
                op("scale", "b", "c", width=200 + n),
                c=stepwise.media / "out" / f"placed{n}.mp4",
            )
            for n in range(first, first + 12, 2)
        ]
        for job_id in [stepwise.submit(spec)["job_id"] for spec in specs]:
            done = stepwise.wait(job_id)
            assert done["status"] == "completed", done["error"]
            steps = stepwise.get(f"/v1/jobs/{job_id}/steps")["data"]
            assert all(len(step["attempts"]) == 1 for step in steps), stepwise.story(job_id)
            names = {step["attempts"][0]["worker"].startswith("another@") for step in steps}
            assert len(names) == 1, "the steps of a chain ran on two machines"
            worked.update(names)

    with stepwise.another_worker(tmp_path / "work"):
        # a machine that is slow to begin may miss the first
        for first in range(0, 48, 12):
            run_chains(first)
            if worked == {True, False}:
                break
    assert worked == {True, False}
