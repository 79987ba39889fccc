"""What may be shown of texts that come from elsewhere: no credential of a URL, no path of ours."""

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

# a URL and what follows it in one word: quotes may be part of a query
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>]+")
_WHOLE = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]*://[^\n]*\Z", re.IGNORECASE)
_USER = re.compile(r"://[^/\s<>]*@")
_SECRET = re.compile(r"[?#]")
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
    return _PATH.sub("{path}", redact_text(line))


def redact_text(text: str) -> str:
    """A text without the secrets of URLs in it, however they are quoted."""
    return _URL.sub(_without_secrets, text)


def _without_secrets(match: re.Match[str]) -> str:
    word = match[0]
    if word.lower().startswith("file:"):  # a tenant's own, in which ? is a letter like others
        return word[:5] + redact_text(word[5:])
    shown = _USER.sub("://", _SECRET.split(word, maxsplit=1)[0])
    quote = match.string[match.start() - 1 : match.start()]
    is_closed = quote in ("'", '"') and word.endswith(quote) and not shown.endswith(quote)
    return shown + (quote if is_closed else "")


def redact_tree(value: Any) -> Any:
    """A JSON document with every URL in it redacted."""
    if isinstance(value, dict):
        return {key: redact_tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact_tree(item) for item in value]
    if not isinstance(value, str):
        return value
    # spaces are part of a URL that is all there is
    return redact_url(value) if _WHOLE.match(value) else redact_text(value)
