"""What has been tried on services like this one. Nothing passes; each attempt gets its code."""

import copy
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.media import Media
from tests.helpers.service import Service
from tests.helpers.specs import job, op

pytestmark = pytest.mark.stack("default")

REFUSED = {
    "FORMAT_BLOCKED", "PROTOCOL_BLOCKED", "MEDIA_PROBE_FAILED", "INPUT_CORRUPTED", "UNSUPPORTED_FORMAT",
    "UNSUPPORTED_CODEC", "RESOLUTION_TOO_HIGH", "RESOURCE_LIMIT_EXCEEDED",
}  # fmt: skip


@pytest.fixture
def victim(service: Service, media: Media) -> Path:
    """A file of somebody else's that lies beside the attacker's uploads."""
    path = service.media / "victim.mp4"
    shutil.copy(media.clip("victim.mp4", seconds=2), path)
    return path


def png(width: int, height: int) -> bytes:
    """A picture of one bit a pixel: a few kilobytes, whatever its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


UPLOADS: dict[str, bytes] = {
    "playlist of a file": b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\nvictim.mp4\n#EXT-X-ENDLIST\n",
    "playlist of a path": b"#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "playlist of a url": b"#EXTM3U\n#EXTINF:2,\nhttp://127.0.0.1:1/x.ts\n#EXT-X-ENDLIST\n",
    "playlist behind a mark": b"\xef\xbb\xbf\n#EXTM3U\n#EXTINF:2,\nvictim.mp4\n",
    "concat script": b"ffconcat version 1.0\nfile victim.mp4\n",
    "concat script of a path": b"ffconcat version 1.0\noption safe 0\nfile /etc/passwd\n",
    "dash manifest": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"><Period><AdaptationSet><Representation id="1" bandwidth="1" mimeType="video/mp4"><BaseURL>victim.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "session description": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n",
    "text as a terminal": b"secret line of text\n" * 200,
    "mpeg program of text": b"\x00\x00\x01\xba" + b"#EXTM3U\nfile:///etc/passwd\n" * 50,
    "nothing but zeros": b"\0" * 100_000,
    "smooth streaming": b'<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2"><StreamIndex Url="victim.mp4"/></SmoothStreamingMedia>',
    "ffmetadata": b";FFMETADATA1\ntitle=x\n",
    "image playlist": b"file 'victim.mp4'\n" * 20,
    "decompression bomb": png(16000, 16000),
    "wide bomb": png(60000, 16),
}  # fmt: skip


@pytest.mark.parametrize("suffix", ["mp4", "png", "txt", "m3u8"])
@pytest.mark.parametrize("name", UPLOADS)
def test_uploads_that_are_something_else(
    service: Service, victim: Path, name: str, suffix: str
) -> None:
    source = service.media / f"upload.{suffix}"
    source.write_bytes(UPLOADS[name])
    out = service.media / "out" / "attack.mkv"
    answer = service.client.post("/v1/plans", json=job(source, src=out))
    assert answer.status_code == 422, answer.text
    (problem,) = answer.json()["errors"]
    assert problem["code"] in REFUSED
    assert "secret" not in answer.text
    assert "root:" not in answer.text
    assert not out.exists()


def test_a_job_with_such_an_upload_writes_nothing(service: Service, victim: Path) -> None:
    source = service.media / "upload.mp4"
    source.write_bytes(UPLOADS["concat script"])
    done = service.run(
        job(source, op("trim", "src", "cut", end=1), cut=service.media / "out" / "a.mkv")
    )
    assert (done["status"], done["error"]["code"] in REFUSED) == ("failed", True)


@pytest.mark.parametrize(
    "name",
    ["victim%d.mp4", "-i.mp4", "--help.mp4", "a;id;.mp4", "$(id).mp4", "a'b\"c.mp4", "concat:a|b.mp4", "[0:v]null.mp4",
     "12:30 talk.mp4", "x\ny.mp4", "pipe:0.mp4", "ü 漢字 🎬.mp4"],
)  # fmt: skip
def test_names_are_only_names(service: Service, victim: Path, media: Media, name: str) -> None:
    """A file of any name is that file, as a source and as a destination."""
    source = Path(shutil.copy(victim, service.media / name))
    target = service.media / "out" / name
    done = service.run(job(source, op("trim", "src", "cut", end=1), cut=target))
    assert done["status"] == "completed", done["error"]
    assert len(media.frames(target)) == 30
    source.unlink()
    target.unlink()


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc/passwd", "file://{media}/../../etc/passwd", "file://{media}/%2e%2e/%2e%2e/etc/passwd",
        "file:///proc/self/environ", "/etc/passwd", "concat:a|b", "subfile,,start,0,end,9,,:/etc/passwd",
        "data:text/plain,x", "pipe:0", "unix:/x", "async:file:///etc/passwd", "crypto:file:///x", "rtmp://x/y",
        "tcp://127.0.0.1:1", "udp://127.0.0.1:1", "ftp://cdn.example/x", "gopher://x/y", "file://host/x",
        "http://[::1]/x", "http://localhost/x", "http://127.0.0.1:6379/x", "HTTP://LOCALHOST/x", "http://10.1.1.1/x",
        "http://169.254.169.254/latest/meta-data/iam", "http://[fd00:ec2::254]/x", "http://user:pass@cdn.example/x",
        "s3://bucket/x", "file:///etc/passwd%00.mp4", "",
    ],
)  # fmt: skip
def test_sources_that_are_refused_before_anything_is_done(service: Service, source: str) -> None:
    spec = job(source.format(media=service.media), src=service.media / "out" / "x.mkv")
    answer = service.client.post("/v1/jobs", json=spec)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] in (
        "INPUT_OUTSIDE_ROOTS",
        "INVALID_INPUT",
        "SSRF_BLOCKED",
        "INVALID_JOB_SPEC",
    )


GOOD: dict[str, Any] = {
    "inputs": [{"id": "src", "source": "file://{media}/victim.mp4"}],
    "operations": [{"op": "scale", "input": "src", "output": "s", "params": {"width": 64}}],
    "outputs": [{"id": "s", "destination": "file://{media}/out/x.mkv", "codec": {"video": {"codec": "h264"}}}],
}  # fmt: skip


def changed(media: Path, path: tuple[Any, ...], value: object) -> dict[str, Any]:
    spec = copy.deepcopy(GOOD)
    spec["inputs"][0]["source"] = f"file://{media}/victim.mp4"
    spec["outputs"][0]["destination"] = f"file://{media}/out/x.mkv"
    at: Any = spec
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return spec


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("inputs", 0, "format"), "tty"), (("inputs", 0, "format"), "concat"), (("inputs", 0, "options"), "-safe 0"),
        (("inputs", 0, "id"), "src;id"), (("inputs", 0, "id"), "../x"), (("operations", 0, "output"), "a]b[c"),
        (("operations", 0, "params", "width"), "64:flags=x"), (("operations", 0, "params", "width"), "iw*2"),
        (("operations", 0, "params", "width"), "while(1,1)"), (("operations", 0, "params", "width"), 16000),
        (("operations", 0, "params", "algorithm"), "bicubic,movie=/etc/passwd"), (("operations", 0, "op"), "movie"),
        (("operations", 0, "op"), "../trim"), (("operations", 0, "args"), ["-i", "/etc/passwd"]),
        (("outputs", 0, "codec", "video", "codec"), "libx264 -i /etc/passwd"),
        (("outputs", 0, "codec", "video", "preset"), "fast -vf movie=x"), (("outputs", 0, "codec", "video", "x264_params"), "dump-yuv=/x"),
        (("outputs", 0, "codec", "video", "profile"), "high;id"), (("outputs", 0, "codec", "video", "pixel_format"), "yuv420p,movie"),
        (("outputs", 0, "format"), "tee"), (("outputs", 0, "format"), "hls"), (("outputs", 0, "format"), "segment"),
        (("outputs", 0, "destination"), "file:///etc/cron.d/x"), (("outputs", 0, "destination"), "http://x.example/put"),
        (("outputs", 0, "destination"), "pipe:1"), (("webhook_url",), "http://169.254.169.254/"), (("webhook_url",), "file:///x"),
        (("timeout",), "9999h; id"), (("extra_args",), "-i x"), (("priority",), "5; DROP TABLE jobs"),
        (("limits",), {"max_resolution": "99999x99999"}),
    ],
)  # fmt: skip
def test_fields_that_carry_something_else(
    service: Service, victim: Path, path: tuple[Any, ...], value: object
) -> None:
    answer = service.client.post("/v1/jobs", json=changed(service.media, path, value))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"]


def test_what_those_fields_are_without_that_is_fine(service: Service, victim: Path) -> None:
    answer = service.client.post("/v1/plans", json=changed(service.media, ("priority",), 5))
    assert answer.status_code == 200, answer.text


def test_an_output_does_not_follow_a_link_out(
    service: Service, victim: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("old")
    (service.media / "out").mkdir(exist_ok=True)
    link = service.media / "out" / "link.mkv"
    link.symlink_to(precious)
    folder = service.media / "away"
    folder.symlink_to(tmp_path)
    done = service.run(job(victim, op("trim", "src", "cut", end=1), cut=link))
    assert (done["status"], precious.read_text()) == ("completed", "old")
    done = service.run(job(victim, op("trim", "src", "cut", end=1), cut=folder / "x.mkv"))
    assert (done["status"], done["error"]["code"]) == ("failed", "INPUT_OUTSIDE_ROOTS")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious"]
    folder.unlink()
    link.unlink()
