"""Jobs from S3 to S3: whole objects or none, tenants apart, workers that share no disk."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_failures import attempts_of, check
from tests.helpers.media import Media
from tests.helpers.pace import until
from tests.helpers.s3 import S3Server, s3_server
from tests.helpers.service import Service
from tests.helpers.specs import job, op

pytestmark = [pytest.mark.stack("s3"), pytest.mark.server]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory, stacks: Any) -> Iterator[S3Server]:
    with s3_server("nanio", tmp_path_factory.mktemp("nanio")) as server:
        yield server
        stacks.close()


@pytest.fixture
def near(stacks: Any, s3: S3Server) -> Service:
    env = {**s3.settings, "S3_ALLOWED_PREFIXES": "media/{tenant},media/shared"}
    running: Service = stacks.get("s3", WORK_URI="s3://media/work", **env)
    return running


@pytest.fixture(scope="module")
def source(s3: S3Server, media: Media) -> str:
    return s3.put("default/in.mp4", media.clip().read_bytes())


def small(source: str, name: str) -> dict[str, Any]:
    return job(
        source,
        op("scale", "src", "small", width=64),
        small={"destination": f"s3://media/default/{name}"},
    )


def test_from_s3_to_s3(
    near: Service, s3: S3Server, source: str, media: Media, tmp_path: Path
) -> None:
    done = near.run(small(source, "out/small.mp4"))
    assert done["status"] == "completed", done["error"]
    steps = near.get(f"/v1/jobs/{done['job_id']}/steps")["data"]
    assert [step["kind"] for step in steps] == ["transfer", "ffmpeg", "transfer"]
    (output,) = done["outputs"]
    made = tmp_path / "small.mp4"
    made.write_bytes(s3.get("default/out/small.mp4"))
    assert output["size_bytes"] == made.stat().st_size
    assert len(output["md5"]) == 32
    assert output["files"][0]["uri"] == "s3://media/default/out/small.mp4"
    assert len(media.frames(made)) == len(media.frames(media.clip()))
    assert s3.uploads() == []
    assert s3.media_type("default/out/small.mp4") == "video/mp4"
    events = near.rows("SELECT data->>'status' FROM job_events WHERE type = 'job.status'")
    assert ("uploading_outputs",) in events


def test_pictures_and_their_index(near: Service, s3: S3Server, source: str) -> None:
    sheet = op("thumbnail", "src", "sheet", count=6, columns=3)
    many = op("thumbnail", "src", "many", count=3)
    done = near.run(
        job(
            source,
            sheet,
            many,
            sheet={"destination": "s3://media/default/p/sheet.jpg"},
            many={"destination": "s3://media/default/p/thumb.jpg"},
        )
    )
    assert done["status"] == "completed", done["error"]
    assert s3.keys("default/p/") == [
        "default/p/sheet.jpg", "default/p/sheet.vtt",
        "default/p/thumb-0001.jpg", "default/p/thumb-0002.jpg", "default/p/thumb-0003.jpg",
    ]  # fmt: skip
    assert s3.media_type("default/p/thumb-0002.jpg") == "image/jpeg"
    assert s3.media_type("default/p/sheet.vtt") == "text/vtt; charset=utf-8"


def test_other_tenants_objects_are_out_of_reach(near: Service, s3: S3Server, source: str) -> None:
    s3.put("other/in.mp4", b"theirs")
    for spec in (
        small("s3://media/other/in.mp4", "x.mp4"), small("s3://media/default/../other/in.mp4", "x.mp4"),
        small("s3://elsewhere/in.mp4", "x.mp4"),
        job(source, src={"destination": "s3://media/other/x.mp4"}),
    ):  # fmt: skip
        answer = near.client.post("/v1/jobs", json=spec)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] in ("INPUT_OUTSIDE_ROOTS", "INVALID_INPUT")


def test_failures_of_s3_have_their_codes(near: Service, s3: S3Server, source: str) -> None:
    check(
        near,
        near.run(small("s3://media/default/missing.mp4", "x.mp4")),
        "INPUT_NOT_FOUND",
        attempts=0,
    )
    s3.put("default/text.mp4", b"no media")
    done = near.run(small("s3://media/default/text.mp4", "x.mp4"))
    assert done["error"]["code"] in ("INPUT_CORRUPTED", "MEDIA_PROBE_FAILED", "UNSUPPORTED_FORMAT")


def test_a_killed_upload_leaves_the_whole_object_or_none(
    near: Service, s3: S3Server, media: Media
) -> None:
    """The worker that uploads is killed at random moments; in the end the object is whole."""
    body = media.clip(
        "big.mp4", seconds=20, size="1280x720", extra=("-b:v", "30M", "-minrate", "30M")
    ).read_bytes()
    source = s3.put("default/big.mp4", body)
    chance = random.Random(11)
    for round_ in range(3):
        key = f"default/killed/{round_}.mp4"
        spec = job(source, src={"destination": f"s3://media/{key}"})
        job_id = near.submit(spec)["job_id"]
        near.wait(job_id, "uploading_outputs", "completed")
        time.sleep(chance.uniform(0, 0.4))  # at any moment of the upload
        for pid in near.pids("celery", "transfer@"):
            if chance.random() < 0.7:
                os.kill(pid, signal.SIGKILL)
        done = near.wait(job_id)
        assert done["status"] == "completed", done["error"]
        there = s3.get(key)
        assert len(there) == done["outputs"][0]["size_bytes"]
    # a mark whose upload never began may stay a while longer
    noted = "SELECT path FROM output_parts WHERE path NOT LIKE '%#upload=?%'"

    def is_clean() -> bool:
        return not s3.uploads() and not near.rows(noted)

    until("no upload is left behind", is_clean, 30, s3.uploads)


def test_workers_without_a_common_disk_share_work_by_s3(
    near: Service, s3: S3Server, media: Media, tmp_path: Path
) -> None:
    """Every step may run on either machine; what one writes the other reads from WORK_URI."""
    source = s3.put("default/steps.mp4", media.clip().read_bytes())
    chain = [
        op("scale", "src", "a", width=200),
        op("crop", "a", "b", width=100, height=100),
        op("fps", "b", "c", fps=10),
    ]
    with near.another_worker(tmp_path / "elsewhere", "media,transfer"):
        jobs = []
        for number in range(8):
            spec = job(source, *chain, c={"destination": f"s3://media/default/far/{number}.mp4"})
            jobs.append(near.submit(spec)["job_id"])
        done = [near.wait(job_id) for job_id in jobs]
    assert {one["status"] for one in done} == {"completed"}, [one["error"] for one in done]
    workers = {a["worker"].partition("@")[0] for one in done for a in attempts_of(near, one)}
    assert "another" in workers
    assert len(workers - {"another"}) >= 1
    until("shared work is removed", lambda: not s3.keys("work/"), 20, lambda: s3.keys("work/"))
