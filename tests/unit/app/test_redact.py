import json
import logging
from dataclasses import replace

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app import log, settings
from app.redact import redact_line, redact_text, redact_tree, redact_url


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[error] /srv/other/tenant/x.mp4: No such file or directory", "[error] {path}: No such file or directory"),
        ("[error] {in:src}: Permission denied", "[error] {in:src}: Permission denied"),
        ("[error] file:{work}/out0: I/O", "[error] file:{work}/out0: I/O"),
        ("opening 'https://u:p@h.example:8443/a/b.mp4?token=s3cret#f'", "opening 'https://h.example:8443/a/b.mp4'"),
        ("[concat @ 0x1] [error] Line 1: unknown keyword 'root:x:0:0'", "[concat @ 0x1] [error] Line 1: unknown keyword '…'"),
        ("Error opening input file file:/srv/other/x.mp4.", "Error opening input file file:{path}"),
        ("frame rate 30000/1001, aspect 16/9", "frame rate 30000/1001, aspect 16/9"),
        ("[out#0/mp4 @ 0x1] [fatal] Error opening output /var/x/y: no", "[out#0/mp4 @ 0x1] [fatal] Error opening output {path}: no"),
    ],
)  # fmt: skip
def test_lines_keep_their_sense_and_lose_paths_and_secrets(line: str, shown: str) -> None:
    assert redact_line(line) == shown


@given(st.text(alphabet="abcSECRET0123456789", min_size=6, max_size=20))
def test_no_query_or_password_survives(secret: str) -> None:
    secret = "SECRET" + secret
    url = f"https://me:{secret}@host.example/path/a.mp4?sig={secret}&x=1#{secret}"
    assert secret not in redact_url(url)
    assert secret not in redact_line(f"[error] {url}: Server returned 403")
    assert secret not in str(redact_tree({"a": [{"source": url}], "b": f"see {url}"}))


def test_a_file_uri_is_the_tenants_own() -> None:
    assert redact_url("file:///media/a%20b.mp4") == "file:///media/a%20b.mp4"
    assert redact_url("http://[::1]:8080/x?y") == "http://[::1]:8080/x"
    assert redact_url("http://[::1/x") == "{url}"


SECRETS = (
    "https://h.example/a'b.mp4?sig=SECRET",
    'https://h.example/a"b.mp4?sig=SECRET"SECRET',
    "https://h.example/a b.mp4?sig=SECRET SECRET",
    "https://h.example/a.mp4?x=<SECRET>",
    "https://me:p'SECRET@h.example/a.mp4",
    "HTTPS://h.example/a.mp4#SECRET",
)


@pytest.mark.parametrize("url", SECRETS)
def test_a_quote_ends_no_url(url: str) -> None:
    assert "SECRET" not in str(redact_tree({"source": url}))


@pytest.mark.parametrize("url", [u for u in SECRETS if " " not in u and "<" not in u])
@pytest.mark.parametrize("text", ["{}", "'{}' failed", '["{}","file:///x?y"]', "file:///a'{}", "x={}&", "({})"])  # fmt: skip
def test_no_text_shows_the_secrets_of_a_url(url: str, text: str) -> None:
    assert "SECRET" not in redact_text(text.format(url))


def test_what_is_no_secret_stays() -> None:
    assert redact_text("see 'https://h.example/a.mp4?x=1'.") == "see 'https://h.example/a.mp4"
    assert redact_text("'https://h.example/a.mp4?x=1' failed") == "'https://h.example/a.mp4' failed"
    assert redact_text("file:///media/a?b.mp4") == "file:///media/a?b.mp4"
    assert redact_text('{"a":"https://h/x","b":1}') == '{"a":"https://h/x","b":1}'


def test_no_line_of_a_log_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers, logging.getLogger().level
    try:
        for form in ("json", "console"):
            log.configure(replace(settings.load({}), log_format=form, log_level="debug"))
            logging.getLogger("urllib3.connectionpool").debug("GET /a?sig=SECRET HTTP/1.1")
            logging.getLogger("botocore").debug("Location: /a?sig=SECRET")
            log.get(__name__).warning("refused", source="https://h.example/a'b?sig=SECRET")
            try:
                raise ValueError("https://u:SECRET@h.example/")
            except ValueError:
                log.get(__name__).exception("failed")
    finally:
        logging.getLogger().handlers, logging.getLogger().level = before
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert said.count("refused") == said.count("failed") == 2
    assert "https://h.example/a'b" in said
    assert "SECRET" not in said
    first, second, *_ = said.splitlines()
    assert json.loads(first)["source"] == "https://h.example/a'b"
    assert "ValueError: https://h.example/" in json.loads(second)["exception"]
