"""Sources on other machines: fetched, resumed, refused; each failure with its code and its tries."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_failures import attempts_of, check
from tests.helpers.media import Media
from tests.helpers.pace import until
from tests.helpers.service import Service
from tests.helpers.specs import job, op
from tests.helpers.web import WebServer, web_server

pytestmark = pytest.mark.stack("near")


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture(scope="module")
def film(media: Media) -> bytes:
    """Large enough to be read in parts."""
    return media.clip(
        "remote.mp4", seconds=20, size="1280x720", extra=("-b:v", "4M", "-minrate", "4M")
    ).read_bytes()


def cut(url: str, service: Service, name: str) -> dict[str, Any]:
    return job(url, op("trim", "src", "cut", end=1), cut=service.media / "out" / name)


def test_a_remote_file_is_fetched_and_cut(near: Service, web: WebServer, media: Media) -> None:
    url = web.put("/talk.mp4", media.clip().read_bytes())
    done = near.run(cut(f"{url}?X-Amz-Signature=secret", near, "talk.mp4"))
    assert done["status"] == "completed", done["error"]
    assert abs(done["outputs"][0]["media_info"]["duration_ms"] - 1000) < 40
    steps = near.get(f"/v1/jobs/{done['job_id']}/steps")["data"]
    assert [(s["kind"], s["depends_on"]) for s in steps] == [("transfer", []), ("ffmpeg", ["s1"])]
    assert "secret" not in near.logs()
    assert near.work_files(done["job_id"]) == []


def test_a_large_file_is_probed_from_its_ends(near: Service, web: WebServer, film: bytes) -> None:
    url = web.put("/film.mp4", film)
    before = web.sent
    answer = near.client.post("/v1/probe", json={"source": url})
    assert answer.status_code == 200, answer.text
    info = answer.json()
    assert (info["duration_ms"], info["size_bytes"]) == (20000, len(film))
    assert web.sent - before < len(film) / 3


def test_what_breaks_off_is_resumed(near: Service, web: WebServer, film: bytes) -> None:
    url = web.put("/breaks.mp4", film, breaks=3, break_after=len(film) // 2)
    done = near.run(cut(url, near, "breaks.mp4"))
    assert done["status"] == "completed", done["error"]
    assert len(attempts_of(near, done)) == 2


def test_an_http_source_of_captions(near: Service, web: WebServer, media: Media) -> None:
    captions = b"1\n00:00:00,000 --> 00:00:02,000\nHello\n"
    spec = job(web.put("/clip.mp4", media.clip().read_bytes()))
    spec["inputs"].append({"id": "words", "source": web.put("/words.srt", captions)})
    spec["operations"] = [{"op": "subtitles", "inputs": ["src", "words"], "output": "out"}]
    spec["outputs"] = [{"id": "out", "destination": f"file://{near.media}/out/captions.mp4"}]
    done = near.run(spec)
    assert done["status"] == "completed", done["error"]


def test_remote_files_are_joined(near: Service, web: WebServer, media: Media) -> None:
    body = media.clip().read_bytes()
    spec = job(web.put("/one.mp4", body))
    spec["inputs"].append({"id": "two", "source": web.put("/two.mp4", body)})
    spec["operations"] = [{"op": "concat", "inputs": ["src", "two"], "output": "out"}]
    spec["outputs"] = [{"id": "out", "destination": f"file://{near.media}/out/joined.mp4"}]
    done = near.run(spec)
    assert done["status"] == "completed", done["error"]
    assert abs(done["outputs"][0]["media_info"]["duration_ms"] - 8000) < 100


def fails(near: Service, url: str, code: str) -> dict[str, Any]:
    """The job that could not be planned, as its input could not be had."""
    done = near.run(cut(url, near, "never.mp4"))
    check(near, done, code, attempts=0)
    assert done["error"]["errors"][0]["pointer"] == "/inputs/0/source"
    return done


def tries(near: Service, done: dict[str, Any]) -> int:
    """How often planning was tried, by the job's log."""
    lines = near.get(f"/v1/jobs/{done['job_id']}/logs?limit=100")["data"]
    return 1 + sum("Trying again" in line["message"] for line in lines)


@pytest.mark.parametrize(
    ("status", "code", "tried"),
    [
        (403, "INPUT_ACCESS_DENIED", 1), (404, "INPUT_NOT_FOUND", 1), (500, "INPUT_DOWNLOAD_FAILED", 3),
    ],
)  # fmt: skip
def test_refusals(near: Service, status: int, code: str, tried: int) -> None:
    with web_server() as own:  # a host of its own: breakers are by host
        done = fails(near, own.put("/x.mp4", status=status), code)
        assert tries(near, done) == tried
        assert own.count("/x.mp4") == tried * (3 if tried > 1 else 1) or tried == 3


def test_a_host_that_is_down(near: Service) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/x.mp4"
    done = fails(near, url, "INPUT_DOWNLOAD_FAILED")
    assert tries(near, done) == 3


def test_a_name_that_nobody_has(near: Service) -> None:
    done = fails(near, "http://no-such-host.invalid/x.mp4", "INPUT_DOWNLOAD_FAILED")
    assert "no address" in done["error"]["message"] or "in a row" in done["error"]["message"]
    assert tries(near, done) == 3


def test_a_host_that_drips(near: Service, film: bytes) -> None:
    with web_server() as own:
        done = fails(near, own.put("/x.mp4", film, drip_s=0.05), "INPUT_DOWNLOAD_FAILED")
        assert tries(near, done) == 3


def test_a_download_that_never_ends_early(near: Service, media: Media) -> None:
    """It breaks off at the same place each time, and cannot be resumed."""
    with web_server() as own:
        url = own.put(
            "/x.mp4", media.clip().read_bytes(), has_ranges=False, breaks=99, break_after=20_000
        )
        fails(near, url, "INPUT_DOWNLOAD_FAILED")


def test_a_download_that_fails_when_the_job_runs(near: Service, media: Media) -> None:
    """The probe had what it needed; the step fails three times, and says why."""
    with web_server() as own:
        body = media.clip().read_bytes()
        # asked for: what it is, all of it for the probe, and what it is once more
        url = own.put("/x.mp4", body, etag=None, statuses=[200, 200, *[500] * 99])
        done = near.run(cut(url, near, "half.mp4"))
        check(near, done, "INPUT_DOWNLOAD_FAILED", attempts=3)
        assert done["error"]["step_id"] == "s1"
        assert done["error"]["errors"][0]["pointer"] == "/inputs/0/source"


def test_a_failed_download_is_tried_again_and_works(near: Service, media: Media) -> None:
    with web_server() as own:
        url = own.put("/x.mp4", media.clip().read_bytes(), statuses=[200, 200, *[503] * 3])
        done = near.run(cut(url, near, "again.mp4"))
        assert done["status"] == "completed", done["error"]
        assert [a["status"] for a in attempts_of(near, done)] == [
            "failed",
            "completed",
            "completed",
        ]


def test_the_breaker_leaves_a_host_alone(near: Service) -> None:
    with web_server() as own:
        url = own.put("/x.mp4", status=500)
        for _ in range(3):
            near.client.post("/v1/probe", json={"source": url})
        answer = near.client.post("/v1/probe", json={"source": url})
        assert answer.status_code == 502
        assert "in a row" in answer.json()["detail"]
        assert int(answer.headers["Retry-After"]) >= 1
        assert own.count("/x.mp4") <= 6


def test_cancelling_stops_a_download(near: Service, film: bytes) -> None:
    with web_server() as own:
        body = film * 4
        own.put("/x.mp4", body[: 1 << 20])
        page = own.pages["/x.mp4"]
        page.body, page.is_endless = body, False
        url = own.url("/x.mp4")
        job_id = near.submit(cut(url, near, "cancelled.mp4"))["job_id"]
        near.client.delete(f"/v1/jobs/{job_id}").raise_for_status()
        assert near.wait(job_id)["status"] == "cancelled"


@pytest.mark.parametrize(
    "source",
    [
        "http://127.0.0.1/x.mp4", "http://localhost:8080/x", "http://[::1]/x", "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data", "http://[::ffff:127.0.0.1]/x",
    ],
)  # fmt: skip
@pytest.mark.stack("default")
def test_private_addresses_are_refused_at_once(service: Service, source: str) -> None:
    answer = service.client.post("/v1/jobs", json=cut(source, service, "x.mp4"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "SSRF_BLOCKED"


@pytest.mark.parametrize("source", ["http://2130706433/x.mp4", "http://0x7f.1/x", "http://127.1/x"])
@pytest.mark.stack("default")
def test_private_addresses_in_disguise_fail_the_job(service: Service, source: str) -> None:
    done = service.run(cut(source, service, "x.mp4"))
    check(service, done, "SSRF_BLOCKED", attempts=0)


def test_an_encoder_that_this_ffmpeg_lacks(near: Service, media: Media) -> None:
    source = shutil.copy(media.clip(), near.media / "clip.mp4")
    spec = job(Path(source), op("trim", "src", "cut", end=1), cut=near.media / "out" / "hevc.mp4")
    spec["outputs"][0]["codec"] = {"video": {"codec": "libx265"}}
    check(near, near.run(spec), "UNSUPPORTED_CODEC", attempts=1)


def test_local_copies_are_gone(near: Service) -> None:
    until("work files are gone", lambda: not near.work_files(), 10, near.work_files)
    assert not list((near.data_dir / "work").glob("probe-*"))
    shutil.rmtree(near.media / "out", ignore_errors=True)


@pytest.fixture(scope="module")
def hour(media: Media) -> Path:
    """An hour of moving pictures and sound: a minute, again and again."""
    minute = media.clip("minute.mp4", seconds=60, size="320x240", extra=("-g", "60", "-b:a", "64k"))
    repeated = ("-stream_loop", "59", "-i", str(minute), "-c", "copy")
    return media.made("hour.mp4", *repeated, "-movflags", "+faststart", source=minute)


@pytest.mark.parametrize("is_index_last", [False, True])
def test_ten_seconds_of_an_hour_are_a_twentieth_of_its_bytes(
    near: Service, hour: Path, media: Media, is_index_last: bool, tmp_path: Path
) -> None:
    """And the cut has the same frames as that of a local file."""
    source = hour
    if is_index_last:
        source = tmp_path / "last.mp4"
        media.ffmpeg("-i", str(hour), "-c", "copy", str(source))
    with web_server() as own:
        body = source.read_bytes()
        url = own.put("/hour.mp4", body)
        out = near.media / "out"
        cut = op("trim", "src", "cut", start=2400.5, duration=10)

        def exact(uri: str | Path, name: str) -> dict[str, Any]:
            """x264 is not the same to the bit each time, on a busy machine."""
            spec = job(uri, cut, cut=out / name)
            spec["outputs"][0]["codec"] = {"video": {"codec": "ffv1"}}
            return near.run(spec)

        done = exact(url, "part.mkv")
        assert done["status"] == "completed", done["error"]
        assert done["warnings"] == []
        assert own.sent < len(body) / 20, f"{own.sent / len(body):.1%}"
        local = Path(shutil.copy(source, near.media / "hour.mp4"))
        again = exact(local, "local.mkv")
        assert again["status"] == "completed", again["error"]
        assert media.frames(out / "part.mkv") == media.frames(out / "local.mkv")
        assert media.samples(out / "part.mkv") == media.samples(out / "local.mkv")
        attempts = attempts_of(near, done)
        assert [a["status"] for a in attempts] == ["completed", "completed"]
        local.unlink()
