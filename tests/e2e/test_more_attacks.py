"""More of what is tried on services like this one: addresses, places, parameters, requests, files, keys."""

import base64
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.helpers import bombs
from tests.helpers.media import Media
from tests.helpers.pace import scaled
from tests.helpers.service import Service
from tests.helpers.specs import job, op
from tests.helpers.web import WebServer, web_server

pytestmark = pytest.mark.stack("default")


@pytest.fixture(scope="module")
def canary() -> Iterator[WebServer]:
    """A server on this machine that nobody may be led to."""
    with web_server() as made:
        made.put("/secret.mp4", b"secret")
        yield made
        assert made.asked == [], "somebody was led here"


# addresses: each is this machine, or one that is nobody's on the internet, in other words
ADDRESSES = (
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
    "0.0.0.0", "0", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost", "LOCALHOST", "localhost.", "ip6-localhost", "127.0.0.1.",
    "\u0031\u0032\u0037.0.0.1", "\u2460\u2461\u2466.0.0.1", "127\u30020\u30020\u30021", "127%2e0%2e0%2e1",
)  # fmt: skip
ELSEWHERE = (
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "169.254.169.254", "[fe80::1]",
    "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "192.0.0.192", "192.0.2.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[ff02::1]", "[2001:db8::1]",
    "[100::1]", "0.1.2.3",
)  # fmt: skip


def refused(service: Service, source: str, canary: WebServer) -> None:
    answer = service.client.post("/v1/probe", json={"source": source})
    assert answer.status_code in (403, 422, 502), f"{answer.status_code}: {answer.text}"
    assert answer.json()["code"] in ("SSRF_BLOCKED", "INVALID_INPUT", "INPUT_DOWNLOAD_FAILED")
    assert "secret" not in answer.text
    assert canary.asked == []


@pytest.mark.parametrize("host", ADDRESSES)
def test_no_name_of_this_machine_leads_to_it(
    service: Service, canary: WebServer, host: str
) -> None:
    refused(service, f"http://{host}:{canary.port}/secret.mp4", canary)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_no_address_that_is_nobodys_is_asked(
    service: Service, canary: WebServer, host: str
) -> None:
    refused(service, f"http://{host}/x.mp4", canary)


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example@127.0.0.1:{port}/secret.mp4", "http://127.0.0.1:{port}#@cdn.example/",
        "http://cdn.example\\@127.0.0.1:{port}/secret.mp4", "http://127.0.0.1:{port}\\.cdn.example/",
        "http:///127.0.0.1:{port}/secret.mp4", "http:127.0.0.1:{port}/secret.mp4", "http:/127.0.0.1:{port}/secret.mp4",
        "HtTp://127.0.0.1:{port}/secret.mp4", " http://127.0.0.1:{port}/secret.mp4", "http://127.0.0.1:{port}/secret.mp4\n",
        "http://127.0.0.1\t:{port}/secret.mp4", "http://127.0.0.1:{port}/\r\nX-Injected: 1", "http://:{port}/secret.mp4",
        "http://[::1%25lo]:{port}/secret.mp4", "http://127.0.0.1:0{port}/secret.mp4", "http://xn--/", "http://a..b/x",
        "http://127.0.0.1:99999/x", "http://127.0.0.1:-1/x", "http://[127.0.0.1]:{port}/x", "url:http://127.0.0.1:{port}/x",
        "hls+http://127.0.0.1:{port}/x", "cache:http://127.0.0.1:{port}/x", "icecast://127.0.0.1:{port}/x",
        "httpproxy://127.0.0.1:{port}/x", "ffrtmphttp://127.0.0.1:{port}/x", "tls://127.0.0.1:{port}", "srt://127.0.0.1:{port}",
        "rtp://127.0.0.1:{port}", "zmq:tcp://127.0.0.1:{port}", "ipfs://x/y", "prompeg:rtp://127.0.0.1:{port}",
    ],
)  # fmt: skip
def test_urls_that_parsers_disagree_about(service: Service, canary: WebServer, url: str) -> None:
    refused(service, url.format(port=canary.port), canary)


# places to write to
@pytest.mark.parametrize(
    "destination",
    [
        "file:///etc/cron.d/x", "/etc/cron.d/x", "file:/etc/cron.d/x", "FILE:///etc/cron.d/x", "file://localhost/etc/cron.d/x",
        "file://{media}/../../x.mkv", "file://{media}/./../../x.mkv", "file://{media}/%2e%2e/%2e%2e/x.mkv",
        "file://{media}/..%2f..%2fx.mkv", "file://{media}//../../x.mkv", "file://{media}/a/../../../x.mkv", "{media}/../x.mkv",
        "file:///dev/stdout", "file:///dev/shm/x.mkv", "file:///proc/self/fd/1", "file:///proc/1/mem", "file:///dev/tcp/127.0.0.1/1",
        "file://{media}/x\u0000.mkv", "file://{media}/x%00.mkv", "file://{media}/", "file://{media}", "file://", "file:///",
        "~/.ssh/authorized_keys", "file:///~/x.mkv", "$HOME/x.mkv", "s3://bucket/../other/x.mkv", "s3://other/x.mkv",
        "pipe:1", "tee:a.mkv|b.mkv", "md5:x", "crypto:x.mkv", "async:x.mkv", "ftp://cdn.example/x.mkv", "rtmp://cdn.example/live",
        "https://cdn.example/put.mkv", "unix:/tmp/x", "data:,x", "concat:a|b", "", " ",
    ],
)  # fmt: skip
def test_places_that_are_not_written(service: Service, media: Media, destination: str) -> None:
    service.place(media.clip())
    spec = job(service.media / "clip.mp4", op("scale", "src", "s", width=64, height=-2))
    place = destination.format(media=service.media)
    spec["outputs"] = [{"id": "s", "destination": place}]
    answer = service.client.post("/v1/jobs", json=spec)
    assert answer.status_code == 422, answer.text
    pointers = [problem["pointer"] for problem in answer.json()["errors"]]
    assert any(pointer.startswith("/outputs/0") for pointer in pointers)


# parameters that would be more than what they are
HOSTILE = (
    "64:flags=x", "64,movie=/etc/passwd", "64[x];movie=/etc/passwd[y]", "iw*2", "if(gt(t,1),64,32)", "while(1,1)", "ld(0)",
    "print(1)", "random(0)", "'64'", "64\\", "64\n", "6 4", "0x40", "1e9999", "NaN", "inf", "-inf", "64;id", "$(id)", "`id`",
    "%{pts}", "{{7*7}}", "${jndi:ldap://x}", "\u0666\u0664", "64\u0000", "../64", "",
)  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_numbers_are_numbers(service: Service, media: Media, value: str) -> None:
    """In every operator that takes one, whatever FFmpeg would make of it."""
    clip = service.place(media.clip())
    for name, params in (
        ("scale", {"width": value}), ("crop", {"width": value, "height": 16}), ("pad", {"width": value, "height": 480}),
        ("rotate", {"angle": value}), ("fps", {"fps": value}), ("volume", {"gain_db": value}), ("fade", {"in": value}),
    ):  # fmt: skip
        spec = job(clip, op(name, "src", "s", **params), s=service.media / "never.mkv")
        answer = service.client.post("/v1/plans", json=spec)
        assert answer.status_code == 422, f"{name}: {answer.text[:400]}"


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("drawtext", {"text": "x", "fontfile": "/etc/passwd"}), ("drawtext", {"text": "x", "textfile": "/etc/passwd"}),
        ("drawtext", {"text": "x", "font": "/etc/passwd"}), ("drawtext", {"text": "x", "fontcolor": "red:textfile=/etc/passwd"}),
        ("drawtext", {"text": "x", "color": "red'"}), ("drawtext", {"text": "x", "x": "(w-tw)/2:textfile=/etc/passwd"}),
        ("pad", {"width": 640, "height": 480, "color": "red,movie=x"}), ("pad", {"width": 640, "height": 480, "color": "#12345"}),
        ("subtitles", {"source": "/etc/passwd"}), ("subtitles", {"filename": "/etc/passwd"}), ("overlay", {"x": "W;movie=x"}),
        ("thumbnail", {"at": "1;id"}), ("trim", {"start": "1,movie=x"}), ("loudnorm", {"target_lufs": "-16:print_format=json"}),
        ("movie", {"filename": "/etc/passwd"}), ("amovie", {}), ("sendcmd", {}), ("zmq", {}), ("geq", {}), ("frei0r", {}), ("lua", {}),
        ("__class__", {}), ("../scale", {}), ("scale\u0000", {}), ("Scale", {"width": 64}),
    ],
)  # fmt: skip
def test_operators_take_what_they_declare(
    service: Service, media: Media, name: str, params: dict[str, Any]
) -> None:
    clip = service.place(media.clip())
    spec = job(clip, op(name, "src", "s"), s=service.media / "never.mkv")
    spec["operations"][0]["params"] = params
    answer = service.client.post("/v1/plans", json=spec)
    assert answer.status_code == 422, answer.text[:400]


def test_texts_are_only_texts(service: Service, media: Media) -> None:
    """All of them in one picture: a filtergraph that one of them broke would not run."""
    texts = [
        "'", "''", "\\", "\\\\'", ":", ",", ";", "[x]", "]", "=", "%", "%%", "%{localtime}", "%{eif:1:d}", "%{metadata:x}",
        "{", "}", "a\nb", "a\tb", "\u202eabc", "';movie=/etc/passwd[x];[x]'", "text':textfile='/etc/passwd", "$(id)", "`id`",
    ]  # fmt: skip
    clip = service.place(media.clip())
    names = ["src", *(f"t{n}" for n in range(len(texts)))]
    operations = [
        op("drawtext", before, after, text=text)
        for before, after, text in zip(names, names[1:], texts, strict=False)
    ]
    out = service.media / "texts.mkv"
    done = service.run(job(clip, *operations, **{names[-1]: out}))
    assert done["status"] == "completed", done["error"]
    assert len(media.frames(out)) == 120


# requests
def raw(service: Service, sent: bytes) -> bytes:
    where = urlsplit(str(service.client.base_url))
    with closing(socket.create_connection((where.hostname, where.port), timeout=scaled(5))) as one:
        found = b""
        with suppress(OSError):  # it is closed on who sends more than is read
            one.sendall(sent)
            one.shutdown(socket.SHUT_WR)
            while more := one.recv(65536):
                found += more
    return found


BODY = b'{"source": "file:///etc/passwd"}'
HEAD = b"POST /v1/probe HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: api\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", HEAD + b"Content-Length: +5\r\n\r\nabcde",
        HEAD + b"Content-Length: -5\r\n\r\nabcde", HEAD + b"Content-Length: 5, 6\r\n\r\nabcde", HEAD + b"Content-Length: 0x5\r\n\r\nabcde",
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcdeXX0\r\n\r\n", HEAD + b"X-A: b\x00c\r\n\r\n", HEAD + b"X-A: b\r\n folded\r\n\r\n",
        HEAD + b": no name\r\n\r\n", HEAD + b"X A: b\r\n\r\n", HEAD + b"no colon\r\n\r\n", b"GET /healthz HTTP/9.9\r\n\r\n" * 2,
        b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"TRACE /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", b"GET http://127.0.0.1:1/nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 12_000 + b"\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n" * 50 + b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)  # fmt: skip
def test_requests_that_are_two_or_none(service: Service, sent: bytes) -> None:
    found = raw(service, sent)
    statuses = [
        int(line.split()[1]) for line in found.split(b"\r\n") if line.startswith(b"HTTP/1.")
    ]
    assert all(400 <= status < 600 and status != 500 for status in statuses), found[:300]
    assert b"smuggled" not in found
    assert b"root:" not in found
    assert service.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/docs/assets/../../../etc/passwd", "/docs/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/docs/assets/..%2f..%2f..%2fetc/passwd",
        "/docs/assets//etc/passwd", "/docs/assets/%00", "/docs/assets/....//....//etc/passwd", "/docs/assets/..\\..\\etc\\passwd",
        "/docs/errors/<script>alert(1)</script>", "/docs/errors/..%2f..%2fetc%2fpasswd", "/v1/operators/..%2fjobs", "/v1/operators/%00",
        "/v1/jobs/job_0' OR '1'='1", "/v1/jobs/%27%3B%20DROP%20TABLE%20jobs%3B--", "/v1/jobs/" + "a" * 5000, "/v1/jobs/\u0663",
        "//v1/jobs", "/v1//jobs", "/V1/jobs", "/v1/jobs/%2e", "/v1/jobs/%2e%2e", "/v1/jobs/job_%0a", "/.git/config", "/.env", "/server-status",
        "/actuator/env", "/metrics/%2e%2e/v1/jobs", "/console", "/debug",
    ],
)  # fmt: skip
def test_paths_that_lead_nowhere(service: Service, path: str) -> None:
    answer = service.client.get(path)
    assert answer.status_code in (301, 302, 307, 308, 400, 401, 403, 404, 422), answer.text[:200]
    assert "root:" not in answer.text
    assert "<script>" not in answer.text or "json" in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"


# keys
def unsigned(**claims: Any) -> str:
    parts = ({"alg": "none"}, {"sub": "x", "tenant": "default", "scopes": ["admin"], **claims})
    words = (base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)
    return ".".join(words) + "."


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x y"}, {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Authorization": "Bearer mp_live_"}, {"Authorization": "Bearer mp_live_000000000000_" + "0" * 40}, {"X-API-Key": "' OR 1=1 --"},
        {"X-API-Key": "%"}, {"X-API-Key": "mp_live_%_%"}, {"Authorization": "Bearer null"}, {"Authorization": "Bearer undefined"},
        {"Authorization": f"Bearer {unsigned()}"}, {"Authorization": f"Bearer {unsigned(exp=9e9)}"}, {"Authorization": "Bearer " + "a" * 9000},
        {"X-Forwarded-User": "admin"}, {"X-Original-URL": "/healthz"}, {"X-HTTP-Method-Override": "GET"}, {"Cookie": "session=admin"},
        {"X-Forwarded-For": "127.0.0.1"},
    ],
)  # fmt: skip
def test_nobody_gets_in_without_a_key(service: Service, headers: dict[str, str]) -> None:
    for method, path in (
        ("GET", "/v1/jobs"),
        ("POST", "/v1/api-keys"),
        ("GET", "/v1/queue"),
        ("GET", "/metrics"),
    ):
        request = service.client.build_request(method, path)
        request.headers.pop("Authorization", None)
        request.headers.update(headers)
        answer = service.client.send(request)
        assert answer.status_code == 401, f"{method} {path}: {answer.text[:200]}"


# files
def mov_of(reference: bytes) -> bytes:
    """A QuickTime film whose media lie in another file."""
    whole = bombs.mp4_index(1)
    url = b"\0\0\0\x0curl \0\0\0\0"
    alias = struct.pack(">I", 12 + len(reference) + 1) + b"url \0\0\0\0" + reference + b"\0"
    at = whole.index(url)
    grown = whole[:at] + alias + whole[at + len(url) :]
    more = len(alias) - len(url)
    for kind in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place = grown.index(kind) - 4
        size = struct.unpack(">I", grown[place : place + 4])[0]
        grown = grown[:place] + struct.pack(">I", size + more) + grown[place + 4 :]
    return grown


FILES: dict[str, bytes] = {
    "mov of another file": mov_of(b"file:///etc/passwd"),
    "mov of a url": mov_of(b"http://127.0.0.1:1/x"),
    "svg of a file": b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file:///etc/passwd"/></svg>',
    "svg of an entity": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    "billion laughs": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><l>&b;</l>',
    "zip": b"PK\x03\x04" + b"\0" * 500,
    "pdf": b"%PDF-1.7\n" + b"x" * 500,
    "program": b"\x7fELF" + b"\0" * 500,
    "script": b"#!/bin/sh\nid\n" * 20,
    "html": b"<html><script>fetch('http://127.0.0.1')</script></html>" * 10,
    "cue sheet": b'FILE "/etc/passwd" BINARY\n  TRACK 01 AUDIO\n' * 20,
    "avisynth": b'AVISource("/etc/passwd")\n' * 20,
    "vapoursynth": b"import os; os.system('id')\n" * 20,
    "ffmpeg report": b"file=/etc/passwd:level=48\n" * 20,
    "lavfi": b"movie=/etc/passwd\n" * 50,
    "image list": b"%d.png\n" * 100,
    "webvtt of html": b"WEBVTT\n\n00:00.000 --> 00:01.000\n<script>alert(1)</script>\n" * 3,
    "nested playlist": b"[playlist]\nFile1=/etc/passwd\nLength1=-1\n" * 10,
    "asx": b'<asx version="3.0"><entry><ref href="file:///etc/passwd"/></entry></asx>',
    "riff of nothing": b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00data\xff\xff\xff\xff",
    "ogg of nothing": b"OggS" + b"\xff" * 300,
    "matroska of nothing": b"\x1aE\xdf\xa3" + b"\xff" * 300,
    "flv of nothing": b"FLV\x01\x05\x00\x00\x00\x09" + b"\xff" * 300,
    "gif of 65535": b"GIF89a\xff\xff\xff\xff\xf7\x00\x00" + b"\0" * 800,
    "bmp of 2 GiB": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 60, 0, 0, 54, 40, 30000, 30000, 1, 24, 0, 0, 0, 0, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_that_lead_elsewhere_or_nowhere(service: Service, name: str) -> None:
    source = service.media / "upload.bin"
    source.write_bytes(FILES[name])
    out = service.media / "out" / "more.mkv"
    spec = job(source, op("scale", "src", "s", width=64, height=-2), s=out)
    answer = service.client.post("/v1/plans", json=spec)
    assert "root:" not in answer.text
    if answer.status_code == 200:  # a film without media may be planned; it gives nothing
        done = service.run(spec)
        assert done["status"] == "failed", name
    else:
        assert answer.status_code == 422, answer.text
    assert not out.exists()
