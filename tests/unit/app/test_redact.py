import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.redact import redact_line, redact_tree, redact_url


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
