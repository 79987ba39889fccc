"""Bad input gets a clear error and loses nothing."""

from pathlib import Path

import pytest

from tests.helpers.media import Media
from tests.helpers.service import Service
from tests.helpers.specs import job, op

pytestmark = pytest.mark.stack("default")


def test_every_problem_is_reported_at_once(service: Service) -> None:
    spec = {
        "inputs": [{"id": "a", "source": "file:///etc/passwd"}],
        "operations": [
            {"op": "scal", "input": "a", "output": "b"},
            {"op": "scale", "input": "nobody", "output": "c", "params": {"width": "wide"}},
            {"op": "trim", "input": "e", "output": "d"},
            {"op": "trim", "input": "d", "output": "e"},
        ],
        "outputs": [{"id": "c", "destination": "file:///tmp/elsewhere.mp4"}],
    }
    answer = service.client.post("/v1/jobs", json=spec)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    found = {(problem["code"], problem["pointer"]) for problem in answer.json()["errors"]}
    assert found == {
        ("INPUT_OUTSIDE_ROOTS", "/inputs/0/source"),
        ("UNKNOWN_OPERATOR", "/operations/0/op"),
        ("INVALID_REFERENCE", "/operations/1/input"),
        ("INVALID_OPERATOR_PARAMS", "/operations/1/params/width"),
        ("CYCLIC_DEPENDENCY", "/operations"),
        ("INPUT_OUTSIDE_ROOTS", "/outputs/0/destination"),
    }


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.mp4", None, "INPUT_NOT_FOUND"),
        ("text.mp4", b"this is not media at all\n" * 40, "INPUT_CORRUPTED"),
        ("empty.mp4", b"", "INPUT_CORRUPTED"),
        ("playlist.mp4", b"#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n", "FORMAT_BLOCKED"),
    ],
)
def test_bad_files_fail_the_job_with_a_pointer(
    service: Service, name: str, content: bytes | None, code: str
) -> None:
    source = service.media / name
    if content is not None:
        source.write_bytes(content)
    done = service.run(
        job(source, op("trim", "src", "cut", end=1), cut=service.media / "out" / "x.mp4")
    )
    assert done["status"] == "failed"
    assert done["error"]["code"] in (code, "INPUT_CORRUPTED", "MEDIA_PROBE_FAILED")
    assert done["error"]["errors"][0]["pointer"] == "/inputs/0/source"
    assert done["error"]["message"].endswith(".")
    assert "root:" not in str(done)
    assert service.client.get("/readyz").json()["status"] == "ok"
    assert service.work_files(done["job_id"]) == []


def test_sound_into_scale_is_an_error_with_a_pointer(service: Service, media: Media) -> None:
    source = service.media / "tone.wav"
    media.ffmpeg("-f", "lavfi", "-i", "sine=d=1", str(source))
    done = service.run(
        job(source, op("scale", "src", "s", width=64), s=service.media / "out" / "s.mp4")
    )
    assert done["status"] == "failed"
    (problem,) = done["error"]["errors"]
    assert problem["pointer"] == "/operations/0/input"
    assert 'needs video, but "src" has no video and 1 audio track' in problem["message"]
    answer = service.client.post("/v1/plans", json=done["spec"])
    assert answer.status_code == 422
    assert answer.json()["errors"] == [problem]


def test_a_link_out_of_the_roots_is_refused(service: Service, tmp_path: Path) -> None:
    link = service.media / "link.mp4"
    link.symlink_to("/etc/passwd")
    done = service.run(job(link, src=service.media / "out" / "x.mkv"))
    assert (done["status"], done["error"]["code"]) == ("failed", "INPUT_OUTSIDE_ROOTS")


def test_a_trim_past_the_end_names_the_parameter(service: Service, clip: Path) -> None:
    done = service.run(
        job(clip, op("trim", "src", "cut", start=99), cut=service.media / "out" / "x.mp4")
    )
    assert done["error"]["errors"][0]["pointer"] == "/operations/0/params/start"
