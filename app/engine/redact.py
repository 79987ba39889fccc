"""What may be shown of texts that come from elsewhere: no credential of a URL, no path of ours."""

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
# not within a word, and not behind a token such as {work}
_PATH = re.compile(r"(?:(?<![\w}/.:-])|(?<=file:))/(?:[^\s/:'\"]+/)+[^\s:'\",\])]*")
# demuxers of text quote what stands in the file
_QUOTES_CONTENT = re.compile(r"\[(?:concat|hls|dash|sdp|srt|ass|webvtt|sendcmd)\b|unknown keyword")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def redact_url(url: str) -> str:
    """Scheme, host and path: neither user and password nor query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "{url}"
    if parts.scheme == "file":
        return url
    return urlunsplit(
        (parts.scheme, f"[{host}]{port}" if ":" in host else host + port, parts.path, "", "")
    )


def redact_line(line: str) -> str:
    """A line of FFmpeg's, its known paths already tokens: other paths and secrets of URLs go, and
    so does whatever it quotes from a file."""
    if _QUOTES_CONTENT.search(line):
        line = _QUOTED.sub("'…'", line)
    line = _URL.sub(lambda match: redact_url(match[0]), line)
    return _PATH.sub("{path}", line)


def redact_tree(value: Any) -> Any:
    """A JSON document with every URL in it redacted."""
    if isinstance(value, dict):
        return {key: redact_tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact_tree(item) for item in value]
    return _URL.sub(lambda m: redact_url(m[0]), value) if isinstance(value, str) else value
