"""The guarded client and http sources, against a server that misbehaves."""

import base64
import hashlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.engine.storage.fetch import Fetch
from app.engine.storage.http import HttpSource, retry_after
from app.engine.web.client import Unreachable, Web
from app.engine.web.guard import Blocked, Guard
from app.errors import Failure
from planner.addresses import is_public
from tests.helpers.pace import scaled
from tests.helpers.web import WebServer, web_server

OPEN = Web(guard=Guard(allows_private=True, patience_s=0.4))
BODY = random.Random(7).randbytes(300_000)


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def source(url: str) -> HttpSource:
    return HttpSource(url=url, web=OPEN)


def brought(url: str, tmp_path: Path, most_bytes: int = 1 << 30) -> bytes:
    one = source(url)
    path = tmp_path / "media"
    Fetch(source=one, known=one.describe(), path=str(path), most_bytes=most_bytes).whole()
    return path.read_bytes()


def code_of(url: str, tmp_path: Path, **limits: int) -> str:
    with pytest.raises(Failure) as caught:
        brought(url, tmp_path, **limits)
    assert str(caught.value.message).endswith(".")
    return str(caught.value.code)


def test_a_file_comes_whole(web: WebServer, tmp_path: Path) -> None:
    assert brought(web.put("/whole", BODY), tmp_path) == BODY
    assert brought(web.put("/rangeless", BODY, has_ranges=False), tmp_path) == BODY
    assert brought(web.put("/empty", b""), tmp_path) == b""


def test_what_breaks_off_goes_on_where_it_stopped(web: WebServer, tmp_path: Path) -> None:
    url = web.put("/breaks", BODY, breaks=9, break_after=30_000)
    assert brought(url, tmp_path) == BODY
    assert [wanted for path, wanted in web.asked if path == "/breaks"][-1] == "bytes=270000-"


def test_without_ranges_it_begins_anew(web: WebServer, tmp_path: Path) -> None:
    url = web.put("/anew", BODY, breaks=2, break_after=50_000, has_ranges=False)
    assert brought(url, tmp_path) == BODY
    assert web.count("/anew") == 3  # the first asked what there is


def test_a_file_that_changes_under_way_is_never_a_mixture(web: WebServer, tmp_path: Path) -> None:
    web.put("/changes", BODY, breaks=1, break_after=50_000)
    one = source(web.url("/changes"))
    known = one.describe()
    fetch = Fetch(source=one, known=known, path=str(tmp_path / "x"), most_bytes=1 << 30)
    fetch.tick = lambda _: setattr(web.pages["/changes"], "etag", '"two"')
    with pytest.raises(Failure, match="changed"):
        fetch.whole()


def test_a_checksum_that_the_server_tells_is_kept(web: WebServer, tmp_path: Path) -> None:
    good = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    bad = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    for header in (
        {"Content-MD5": good},
        {"x-goog-hash": f"crc32c=AAAAAA==,md5={good}"},
        {"Content-MD5": "?"},
    ):
        assert brought(web.put("/sum", BODY, headers=header, has_ranges=False), tmp_path) == BODY
    for header in ({"Content-MD5": bad}, {"x-goog-hash": f"md5={bad}"}):
        url = web.put("/wrong", BODY, headers=header, has_ranges=False)
        assert code_of(url, tmp_path) == "INPUT_DOWNLOAD_FAILED"


def test_only_what_is_needed_travels(web: WebServer, tmp_path: Path) -> None:
    one = source(web.put("/parts", BODY))
    fetch = Fetch(source=one, known=one.describe(), path=str(tmp_path / "x"), most_bytes=1 << 30)
    assert fetch.read(1000, 2000) == BODY[1000:2000]
    assert fetch.read(1500, 2500) == BODY[1500:2500]
    assert fetch.read(500, 3000) == BODY[500:3000]
    assert fetch.read(299_990, 400_000) == BODY[299_990:]
    assert fetch.arrived == 2510
    assert (tmp_path / "x").stat().st_size == len(BODY)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "INPUT_NOT_FOUND"), (410, "INPUT_NOT_FOUND"), (401, "INPUT_ACCESS_DENIED"),
        (403, "INPUT_ACCESS_DENIED"), (400, "INVALID_INPUT"), (500, "INPUT_DOWNLOAD_FAILED"),
        (503, "INPUT_DOWNLOAD_FAILED"), (429, "INPUT_DOWNLOAD_FAILED"),
    ],
)  # fmt: skip
def test_statuses(web: WebServer, tmp_path: Path, status: int, code: str) -> None:
    assert code_of(web.put(f"/{status}", status=status), tmp_path) == code


def test_a_host_says_when_to_come_back(web: WebServer) -> None:
    url = web.put("/later", status=503, headers={"Retry-After": "77"})
    with pytest.raises(Failure) as caught:
        source(url).describe()
    assert caught.value.retry_after == 77


def test_silence_and_drips_and_nobody(web: WebServer, tmp_path: Path) -> None:
    assert code_of(web.put("/silent", BODY, delay_s=1), tmp_path) == "INPUT_DOWNLOAD_FAILED"
    assert code_of(web.put("/drip", b"x" * 500, drip_s=0.02), tmp_path) == "INPUT_DOWNLOAD_FAILED"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}/x"
    assert code_of(nobody, tmp_path) == "INPUT_DOWNLOAD_FAILED"
    assert code_of("http://no-such-host.invalid/x", tmp_path) == "INPUT_DOWNLOAD_FAILED"


def test_too_large_and_endless(web: WebServer, tmp_path: Path) -> None:
    assert code_of(web.put("/large", BODY), tmp_path, most_bytes=1000) == "INPUT_TOO_LARGE"
    url = web.put("/endless", is_endless=True, has_ranges=False)
    assert code_of(url, tmp_path, most_bytes=1_000_000) == "INPUT_TOO_LARGE"


def test_a_compressed_answer_is_not_unfolded(web: WebServer, tmp_path: Path) -> None:
    url = web.put("/bomb", b"x" * 100, headers={"Content-Encoding": "gzip"})
    assert code_of(url, tmp_path) == "INVALID_INPUT"


def test_redirects_are_followed_and_counted(web: WebServer, tmp_path: Path) -> None:
    web.put("/end", BODY)
    web.put("/a", status=302, headers={"Location": "/end"})
    assert brought(web.url("/a"), tmp_path) == BODY
    web.put("/round", status=302, headers={"Location": "/round"})
    assert code_of(web.url("/round"), tmp_path) == "INPUT_DOWNLOAD_FAILED"


PUBLIC = {"cdn.example": "93.184.215.14"}


def guarded(**names: list[str]) -> Web:
    known = {name.replace("_", "."): addresses for name, addresses in names.items()}
    return Web(guard=Guard(resolve=lambda host, _: known[host], patience_s=0.4))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]",
        "localhost", "127。0。0。1", "１２７.0.0.1", "[::ffff:7f00:1]", "[fe80::1]", "169.254.169.254",
        "10.0.0.7", "100.64.0.1", "192.168.1.1", "172.16.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]", "[fd00:ec2::254]", "198.18.0.1",
    ],
)  # fmt: skip
def test_hosts_that_are_not_public(host: str) -> None:
    with pytest.raises((Blocked, Unreachable)) as caught, Web().open(f"http://{host}/x"):
        pass
    assert any(word in str(caught.value) for word in ("public", "no address", "cannot be read"))


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "100.100.100.200",
    ],
)
def test_what_clouds_tell_their_machines_is_never_asked(host: str) -> None:
    """Also where private networks may be: on somebody's own machine, which may be a cloud's."""
    web = Web(guard=Guard(allows_private=True, patience_s=0.4))
    with pytest.raises(Blocked, match="not asked"), web.open(f"http://{host}/latest/meta-data"):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example:22/x", "http://cdn.example:6379/x", "ftp://cdn.example/x", "file:///etc/passwd",
        "http://user@cdn.example/x", "gopher://cdn.example/x", "http:///x",
    ],
)  # fmt: skip
def test_ports_schemes_and_users_that_may_not_be(url: str) -> None:
    with pytest.raises(Blocked), guarded(cdn_example=["93.184.215.14"]).open(url):
        pass


def test_one_private_address_among_public_ones_is_enough() -> None:
    client = guarded(cdn_example=["93.184.215.14", "10.0.0.1"])
    with pytest.raises(Blocked), client.open("http://cdn.example/x"):
        pass


def test_a_name_is_resolved_once_and_what_was_tested_is_asked(web: WebServer) -> None:
    """A name that answers differently the second time reaches nothing."""
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers.pop(0)

    tried: list[tuple[str, int]] = []
    client = Web(guard=Guard(resolve=resolve, patience_s=0.3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            socket, "create_connection", lambda at, *_, **__: tried.append(at) or _refuse()
        )
        with pytest.raises(Unreachable), client.open("http://cdn.example/x"):
            pass
    assert asked == ["cdn.example"]
    assert tried == [("93.184.215.14", 80)]


def _refuse() -> socket.socket:
    raise ConnectionRefusedError


def test_a_redirect_is_checked_as_the_first_address_was(web: WebServer) -> None:
    """Only the name `here` counts as public in this test; where it redirects to does not."""
    for number, target in enumerate(
        [f"http://localhost:{web.port}/end", "http://169.254.169.254/latest", "file:///etc/passwd"]
    ):
        web.put(f"/away{number}", status=302, headers={"Location": target})

        class Here(Guard):
            def _addresses(self, host: str, port: int) -> list[str]:
                return ["127.0.0.1"] if host == "here" else list(super()._addresses(host, port))

        with pytest.raises(Blocked), Web(guard=Here()).open(f"http://here:{web.port}/away{number}"):
            pass


def test_the_host_header_is_the_name_and_the_address_is_not_asked_again(web: WebServer) -> None:
    client = Web(guard=Guard(allows_private=True, resolve=lambda *_: ["127.0.0.1"]))
    web.put("/named", b"hello")
    with client.open(f"http://media.example:{web.port}/named") as answer:
        assert (answer.status, answer.read(10)) == (200, b"hello")


@pytest.mark.parametrize("address", ["fec0::1", "3fff::1", "168.63.129.16", "4000::1"])
def test_addresses_that_only_look_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("url", ["http://xn--/", "http://[::1", "http://a\ud800/"])
def test_what_is_no_address_is_refused_and_no_fault(url: str) -> None:
    with pytest.raises(Blocked), OPEN.open(url):
        pass


def test_a_redirect_to_what_is_no_address_is_the_hosts_fault(web: WebServer) -> None:
    url = web.put("/lost", status=302, headers={"Location": "http://[::1"})
    with pytest.raises(Unreachable), OPEN.open(url):
        pass


@pytest.mark.parametrize("value", ["²", "9" * 5000, "Wed, 25 Nov 2026 00:00:00 +9999999999"])
def test_times_to_come_back_that_are_none(value: str) -> None:
    assert retry_after(value) is None


def test_lengths_and_tags_that_are_none_are_not_believed(web: WebServer) -> None:
    headers = {"Content-Range": f"bytes 0-0/{'9' * 5000}"}
    url = web.put("/odd", b"x", status=206, has_ranges=False, etag='"\xe4"', headers=headers)
    found = HttpSource(url=url, web=OPEN).describe()
    assert (found.version, found.has_ranges) == (None, False)


def test_a_server_that_never_gets_to_its_answer_is_left_in_time() -> None:
    """It sends `103 Early Hints` fast enough for the least rate, and nothing else."""
    listener = socket.create_server(("127.0.0.1", 0))

    def hint() -> None:
        peer, _ = listener.accept()
        with peer, suppress(OSError):
            while True:
                peer.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </" + b"x" * 2000 + b">\r\n\r\n")
                time.sleep(0.05)

    thread = threading.Thread(target=hint, daemon=True)
    thread.start()
    begun = time.monotonic()
    with listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(Unreachable), OPEN.within(0.5).open(url):
            pass
        assert time.monotonic() - begun < scaled(5)
        thread.join(timeout=scaled(5))
