"""Failures of media, limits and machines: each with its code, its remedy, and as many attempts as
its code deserves."""

import io
import json
import os
import shutil
import signal
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.service import Service
from tests.helpers.specs import busy, job, op, slow

pytestmark = pytest.mark.stack("default")


def attempts_of(service: Service, done: dict[str, Any]) -> list[dict[str, Any]]:
    steps = service.get(f"/v1/jobs/{done['job_id']}/steps")["data"]
    return [attempt for step in steps for attempt in step["attempts"]]


def check(service: Service, done: dict[str, Any], code: str, attempts: int) -> None:
    """The job failed with the code, explains itself, and was tried as often as that code allows."""
    assert done["status"] == "failed"
    error, analysis = done["error"], done["analysis"]
    assert error["code"] == code, error
    assert error["message"].endswith(".")
    assert len(error["suggestion"]) > 15
    assert service.client.get(error["documentation"]).status_code == 200
    assert len(attempts_of(service, done)) == attempts
    assert (analysis["root_cause"]["code"], analysis["attempts"]) == (code, attempts)
    assert [mark["event"] for mark in analysis["timeline"]][-1] == "job failed"
    assert str(service.data_dir / "work") not in json.dumps([error, analysis])


def test_more_memory_than_allowed(service: Service, clip: Path) -> None:
    spec = busy(clip, service.media / "out" / "memory.mp4")
    spec["limits"] = {"max_memory": 40_000_000}
    done = service.run(spec)
    check(service, done, "INSUFFICIENT_MEMORY", attempts=3)
    assert not (service.media / "out" / "memory.mp4").exists()


def test_a_larger_output_than_allowed(service: Service, long_clip: Path) -> None:
    spec = slow(long_clip, service.media / "out" / "large.mp4")
    spec["limits"] = {"max_output_size": 200_000}
    done = service.run(spec)
    check(service, done, "OUTPUT_TOO_LARGE", attempts=1)


def test_an_encrypted_input(service: Service, clip: Path, binaries: Tools, tmp_path: Path) -> None:
    source = service.media / "encrypted.mp4"
    subprocess.run(
        [
            binaries.ffmpeg, "-v", "error", "-y", "-i", str(clip), "-c", "copy",
            "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb",
            "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8", str(source),
        ],
        check=True,
    )  # fmt: skip
    done = service.run(
        job(source, op("trim", "src", "cut", end=1), cut=service.media / "out" / "enc.mp4")
    )
    check(service, done, "INPUT_ENCRYPTED", attempts=0)
    assert done["error"]["errors"][0]["pointer"] == "/inputs/0/source"


def test_a_killed_ffmpeg_is_tried_again(service: Service, long_clip: Path) -> None:
    job_id = service.submit(slow(long_clip, service.media / "out" / "killed.mp4"))["job_id"]
    service.wait_running(job_id)
    for pid in service.ffmpeg_pids(job_id):
        os.kill(pid, signal.SIGSEGV)
    done = service.wait(job_id)
    assert (done["status"], done["analysis"]) == ("completed", None)
    first, second = attempts_of(service, done)
    assert (first["error"]["code"], first["signal"]) == ("FFMPEG_CRASHED", "SIGSEGV")
    assert second["status"] == "completed"


def test_half_a_file_is_the_inputs_fault(service: Service, media: Media) -> None:
    """FFmpeg makes half an output of it and calls that a success."""
    whole = media.clip("faststart.mp4", seconds=8, extra=("-movflags", "+faststart")).read_bytes()
    source = service.media / "half.mp4"
    source.write_bytes(whole[: len(whole) // 2])
    spec = job(source, op("scale", "src", "o", width=160), o=service.media / "out" / "half.mp4")
    done = service.run(spec)
    check(service, done, "INPUT_CORRUPTED", attempts=1)
    assert not (service.media / "out" / "half.mp4").exists()


def test_a_recording_with_holes_is_made_and_told_of(service: Service, media: Media) -> None:
    """Pictures are missing where nobody looks before the work; sound goes on."""
    whole = media.clip("whole.mkv", seconds=10, extra=("-g", "1"))
    source = service.media / "holes.mkv"
    drop = r"noise=drop=gte(pts*tb\,4.2)*lt(pts*tb\,4.9)"
    subprocess.run(
        [
            media.binaries.ffmpeg, "-v", "error", "-y", "-i", str(whole), "-c", "copy", "-bsf:v", drop,
            str(source),
        ],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    spec = job(source, op("scale", "src", "o", width=160), o=service.media / "out" / "holes.mp4")
    done = service.run(spec)
    assert done["status"] == "completed", done["error"]
    (warning,) = done["warnings"]
    assert (warning["code"], warning["pointer"]) == ("OUTPUT_DIFFERS", "/outputs/0")
    assert "frames where 300 were expected" in warning["message"]


def test_sound_that_is_cut_off_at_full_scale_is_told(service: Service, clip: Path) -> None:
    louder = op("volume", "src", "loud", gain_db=30)
    as_it_is = op("volume", "src", "soft", gain_db=-6)
    outputs = {
        "loud": service.media / "out" / "loud.wav",
        "soft": service.media / "out" / "soft.wav",
    }
    done = service.run(job(clip, louder, as_it_is, **outputs))
    assert done["status"] == "completed", done["error"]
    (warning,) = done["warnings"]
    assert (warning["code"], warning["pointer"]) == ("OUTPUT_CLIPPED", "/outputs/0")
    assert "above full scale" in warning["message"]


def test_a_folder_where_the_output_belongs(service: Service, clip: Path) -> None:
    target = service.media / "out" / "taken.mp4"
    target.mkdir(parents=True)
    (target / "x").touch()
    done = service.run(job(clip, op("trim", "src", "cut", end=1), cut=target))
    check(service, done, "INVALID_OUTPUT", attempts=0)
    assert done["error"]["errors"][0]["pointer"] == "/outputs/0/destination"


def test_an_input_that_is_written_to_while_it_is_read(service: Service, long_clip: Path) -> None:
    source = Path(shutil.copy(long_clip, service.media / "growing.mp4"))
    target = service.media / "out" / "growing.mp4"
    job_id = service.submit(slow(source, target))["job_id"]
    service.wait_running(job_id)
    with open(source, "ab") as file:
        file.write(b"more")
    done = service.wait(job_id)
    check(service, done, "INPUT_CHANGED", attempts=1)
    assert 'Input "src" was written to' in done["error"]["message"]
    assert not target.exists()


def test_a_plan_is_of_the_files_that_it_was_made_for(service: Service, clip: Path) -> None:
    source = Path(shutil.copy(clip, service.media / "replaced.mp4"))
    target = service.media / "out" / "replaced.mp4"
    plan = service.client.post(
        "/v1/plans", json=job(source, op("trim", "src", "cut", end=1), cut=target)
    ).json()
    os.utime(source, (1, 1))
    done = service.run({"plan_id": plan["plan_id"]})
    check(service, done, "INPUT_CHANGED", attempts=1)


def test_an_input_that_is_reached_by_another_name(service: Service, clip: Path) -> None:
    folder = service.media / "originals"
    folder.mkdir()
    source = Path(shutil.copy(clip, folder / "film.mp4"))
    (service.media / "shown").symlink_to("originals")
    spec = job(source, op("trim", "src", "cut", end=1), cut=service.media / "shown" / "film.mp4")
    done = service.run(spec)
    check(service, done, "INVALID_OUTPUT", attempts=0)
    assert "would replace what input" in done["error"]["message"]
    assert source.read_bytes() == clip.read_bytes()


def test_a_codec_that_the_container_cannot_hold_is_refused_at_once(
    service: Service, clip: Path
) -> None:
    spec = job(clip, o=service.media / "out" / "x.webm")
    spec["outputs"][0] |= {"id": "src", "codec": {"video": {"codec": "h264"}}}
    answer = service.client.post("/v1/jobs", json=spec)
    assert answer.status_code == 422
    assert [e["code"] for e in answer.json()["errors"]] == ["CODEC_NOT_IN_CONTAINER"]


def test_operators_count_errors(service: Service, media: Media) -> None:
    source = service.media / "gone.mp4"
    done = service.run(
        job(source, op("trim", "src", "cut", end=1), cut=service.media / "out" / "gone.mp4")
    )
    assert done["error"]["code"] == "INPUT_NOT_FOUND"
    for period in ("hour", "day"):
        counts = service.get(f"/v1/stats/errors?period={period}")["data"]
        row = next(row for row in counts if row["code"] == "INPUT_NOT_FOUND")
        assert (row["jobs"] >= 1, row["category"]) == (True, "not_found")
    assert service.client.get("/v1/stats/errors?period=year").status_code == 422


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_a_bundle_holds_what_a_helper_needs(
    service: Service, clip: Path, media: Media, tmp_path: Path, outcome: str
) -> None:
    made = service.media / "out" / "bundled.mp4"
    spec = job(clip, op("trim", "src", "cut", start=1, end=2), cut=made)
    if outcome == "failed":
        spec = busy(clip, made)
        spec["limits"] = {"max_memory": 1_000_000}
    spec["tags"] = {"see": "https://me:hunter2@host.example/x?token=hunter2"}
    done = service.run(spec)
    assert done["status"] == outcome
    packed = service.client.get(f"/v1/jobs/{done['job_id']}/bundle")
    assert packed.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(packed.content))
    names = {name.partition("/")[2] for name in archive.namelist()}
    assert names == {
        "README.txt", "job.json", "spec.json", "plan.json", "probes.json", "run.sh", "steps.json",
        "logs.jsonl", "versions.json", "settings.json",
    }  # fmt: skip
    texts = {name: archive.read(name).decode() for name in archive.namelist()}
    everything = "".join(texts.values())
    assert "hunter2" not in everything
    assert service.key not in everything
    assert "postgresql://" not in everything
    archive.extractall(tmp_path)
    if outcome == "completed":
        before = media.frame_hashes(made)
        made.unlink()
        path = f"{Path(media.binaries.ffmpeg).parent}:{os.environ['PATH']}"
        shutil.copy(media.binaries.ffmpeg, tmp_path / "ffmpeg")
        subprocess.run(
            ["sh", f"{done['job_id']}/run.sh"], cwd=tmp_path, check=True,
            env={"PATH": f"{tmp_path}:{path}"}, capture_output=True,
        )  # fmt: skip
        assert media.frame_hashes(made) == before


def test_no_secret_and_no_foreign_path_is_shown(service: Service, clip: Path) -> None:
    """All that a failed job shows, walked through."""
    spec = busy(clip, service.media / "out" / "walk.mp4")
    spec["limits"] = {"max_memory": 1_000_000}
    done = service.run(spec)
    job_id = done["job_id"]
    service.await_heartbeats()
    for path in ("", "/logs", "/plan"):
        text = service.client.get(f"/v1/jobs/{job_id}{path}").text
        for secret in ("Traceback", service.key, str(service.data_dir / "work"), "site-packages"):
            assert secret not in text, path
