"""HTTP in, media out: the main job, measured."""

import hashlib
import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.media import Media
from tests.helpers.pace import until
from tests.helpers.service import Service
from tests.helpers.specs import job, op

pytestmark = pytest.mark.stack("default")


def test_a_job_goes_through_every_layer(service: Service, clip: Path, media: Media) -> None:
    out = service.media / "out" / "small.mp4"
    done = service.run(
        job(
            clip,
            op("trim", "src", "cut", start=1, end="3s"),
            op("scale", "cut", "small", height=120),
            small=out,
        )
    )
    assert done["status"] == "completed", done["error"]
    assert done["progress"]["overall_percent"] == 100
    (step,) = done["progress"]["steps"]
    assert (step["percent"], step["frame"]) == (100, 60), "as it was in the end"
    assert (done["started_at"], done["completed_at"]) > ("2026", "2026")
    (output,) = done["outputs"]
    assert output["size_bytes"] == out.stat().st_size
    assert output["media_info"]["video"][0]["width"] == 160
    assert len(media.frame_hashes(out)) == 60
    assert media.timestamps(out)[0] == 0
    lengths = [Fraction(stream["duration"]) for stream in media.streams(out)]
    assert abs(lengths[0] - lengths[1]) <= Fraction(1, 30)
    assert service.parts(out.name) == []


def test_checksums_follow(service: Service, clip: Path) -> None:
    out = service.media / "out" / "sum.mp4"
    job_id = service.run(job(clip, op("trim", "src", "cut", end=1), cut=out))["job_id"]

    def summed() -> dict[str, Any] | None:
        (output,) = service.job(job_id)["outputs"]
        return output if output["md5"] else None

    found = until("the checksum is known", summed, 20, lambda: service.story(job_id))
    assert found["md5"] == hashlib.md5(out.read_bytes()).hexdigest()
    assert found["files"][0]["md5"] == found["md5"]


def test_two_sizes_from_one_input_take_one_command(
    service: Service, clip: Path, media: Media
) -> None:
    large, small = service.media / "out" / "large.mp4", service.media / "out" / "tiny.mp4"
    done = service.run(
        job(
            clip,
            op("scale", "src", "large", width=640, height=480),
            op("scale", "src", "tiny", width=160, height=120),
            large=large,
            tiny=small,
        )
    )
    assert done["status"] == "completed", done["error"]
    for path, size in ((large, (640, 480)), (small, (160, 120))):
        video, audio = media.streams(path)
        assert (video["width"], video["height"]) == size
        assert audio["codec_type"] == "audio"
    plan = service.get(f"/v1/jobs/{done['job_id']}/plan")
    assert [step["kind"] for step in plan["steps"]] == ["ffmpeg"]
    assert plan["steps"][0]["argv"].count("-i") == 1


def test_steps_and_logs_tell_what_was_done(service: Service, clip: Path) -> None:
    out = service.media / "out" / "told.mp4"
    job_id = service.run(job(clip, op("trim", "src", "cut", end=1), cut=out))["job_id"]
    (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
    (attempt,) = step["attempts"]
    assert (step["status"], attempt["status"], attempt["exit_code"]) == (
        "completed",
        "completed",
        0,
    )
    assert str(clip) not in attempt["command"]
    assert f"file:{clip}" in attempt["argv"]
    messages = [line["message"] for line in service.get(f"/v1/jobs/{job_id}/logs")["data"]]
    assert messages[0] == "Job accepted."
    assert messages[-1] == "Job completed."


def test_a_dry_run_can_be_run_exactly(service: Service, clip: Path, media: Media) -> None:
    out = service.media / "out" / "planned.mp4"
    spec = job(clip, op("trim", "src", "cut", start=1, end=2), cut=out)
    plan = service.client.post("/v1/plans", json=spec).raise_for_status().json()
    assert not out.exists()
    done = service.run({"plan_id": plan["plan_id"]})
    assert (done["status"], done["plan_id"]) == ("completed", plan["plan_id"])
    assert len(media.frame_hashes(out)) == 30


STORED = Path(__file__).parents[1] / "unit" / "planner" / "cases" / "stored"


@pytest.mark.parametrize("name", ["fused", "naive"])
def test_a_plan_of_an_earlier_version_runs_to_its_end(
    name: str, service: Service, media: Media
) -> None:
    stored = json.loads((STORED / f"version-1-{name}.json").read_text())
    folder = service.media / f"version-1-{name}"
    folder.mkdir()
    shutil.copy(media.clip("talk.mp4", seconds=4), folder)
    spec = json.dumps(stored["spec"]).replace("file:///media", f"file://{folder}")
    plan_id = stored["plan"]["plan_id"]
    service.execute(
        "INSERT INTO plans (tenant_id, plan_id, spec, plan)"
        f" VALUES ('default', '{plan_id}', $_${spec}$_$, $_${json.dumps(stored['plan'])}$_$)"
    )

    done = service.run({"plan_id": plan_id})

    assert done["status"] == "completed", done["error"]
    assert len(media.frame_hashes(folder / "out" / "twice.mp4")) == 240
    assert sorted(path.name for path in folder.glob("out/*")) == [
        "sheet.png", "sheet.vtt", "thumb-0001.jpg", "thumb-0002.jpg", "thumb-0003.jpg", "titled.mp4",
        "twice.mp4",
    ]  # fmt: skip
    shown = service.get(f"/v1/jobs/{done['job_id']}/plan")
    assert {step["type"] for step in shown["steps"]} == {"measure", "ffmpeg"}


def test_an_existing_destination_is_replaced(service: Service, clip: Path, media: Media) -> None:
    out = service.media / "out" / "again.mp4"
    for seconds in (1, 2):
        service.run(job(clip, op("trim", "src", "cut", end=seconds), cut=out))
    assert len(media.frame_hashes(out)) == 60


def test_no_operation_means_remux(service: Service, clip: Path, media: Media) -> None:
    out = service.media / "out" / "same.mkv"
    done = service.run(job(clip, src=out))
    assert done["status"] == "completed", done["error"]
    assert media.frame_hashes(out) == media.frame_hashes(clip)


def test_sound_alone_can_be_taken_out(service: Service, clip: Path, media: Media) -> None:
    out = service.media / "out" / "sound.mp3"
    done = service.run(job(clip, src=out))
    assert done["status"] == "completed", done["error"]
    assert [stream["codec_name"] for stream in media.streams(out)] == ["mp3"]
