"""`http(s)://`: read through the guarded client, presigned URLs included."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.engine.storage.port import Described
from app.engine.web.client import Answer, Unreachable, Web
from app.engine.web.guard import Blocked
from app.errors import Failure
from app.redact import redact_url
from operators.problem import Code

_NUMBER = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)")
_DESCRIBE_S = 60
_GONE = frozenset({404, 410})
_DENIED = frozenset({401, 403, 407, 451})
_MD5_HEX = 32
_TRANSIENT = frozenset({408, 425, 429})


@dataclass(frozen=True, kw_only=True)
class HttpSource:
    """One URL."""

    url: str
    web: Web = field(default_factory=Web)

    @property
    def host(self) -> str:
        return redact_url(self.url).split("/")[2]

    def describe(self) -> Described:
        """Asks for the first byte: presigned URLs refuse HEAD."""
        with self._get({"Range": "bytes=0-0"}, _DESCRIBE_S) as answer:
            # of nothing there is no first byte, and some servers say so by 400
            if answer.status not in (400, 416):
                return self._described(answer)
        with self._get({}, _DESCRIBE_S) as answer:
            return self._described(answer)

    def _described(self, answer: Answer) -> Described:
        headers = answer.headers
        _check(answer, self.host)
        found = _RANGE.fullmatch(headers.get("content-range", ""))
        has_ranges = answer.status == 206 and found is not None and found[3] != "*"
        length = found[3] if found and has_ranges else headers.get("content-length", "")
        return Described(
            size_bytes=int(length) if _NUMBER.fullmatch(length) else None,
            version=_version(answer),
            md5=_md5(answer),
            has_ranges=has_ranges,
        )

    @contextmanager
    def read(
        self, start: int = 0, stop: int | None = None, version: str | None = None
    ) -> Iterator[Iterator[bytes]]:
        wanted = {} if start == 0 and stop is None else {"Range": f"bytes={start}-{_last(stop)}"}
        if wanted and version:
            wanted["If-Range"] = version
        with self._get(wanted) as answer:
            _check(answer, self.host)
            # some servers take no notice of If-Range
            is_same = version is None or _version(answer) in (None, version)
            if (wanted and answer.status != 206) or not is_same:
                raise Failure(
                    code=Code.INPUT_DOWNLOAD_FAILED,
                    message=f"What {self.host} serves has changed while it was read.",
                )
            yield self._body(answer)

    def _body(self, answer: Answer) -> Iterator[bytes]:
        try:
            yield from answer.chunks()
        except Unreachable as error:
            raise self._failed(str(error)) from error

    @contextmanager
    def _get(self, headers: dict[str, str], within_s: float | None = None) -> Iterator[Answer]:
        web = self.web.within(within_s) if within_s else self.web
        try:
            with web.open(self.url, headers=headers) as answer:
                yield answer
        except Blocked as error:
            raise Failure(
                code=Code.SSRF_BLOCKED, message=f"The source is refused: {error}."
            ) from error
        except Unreachable as error:
            raise self._failed(str(error)) from error

    def _failed(self, what: str) -> Failure:
        if self.web.is_over:
            text = f"{self.host} was not read within the time that there was."
            return Failure(code=Code.TIMEOUT, message=text)
        return Failure(code=Code.INPUT_DOWNLOAD_FAILED, message=f"{self.host} {what}.")


def _version(answer: Answer) -> str | None:
    """A weak ETag cannot be matched when a range is asked for."""
    tag = answer.headers.get("etag", "")
    strong = tag if tag.isascii() and not tag.startswith("W/") else ""
    changed = answer.headers.get("last-modified", "")
    return strong or (changed if changed.isascii() else "") or None


def _md5(answer: Answer) -> str | None:
    """Of the whole file: a header of its own, or one of Google's."""
    google = re.search(r"md5=([A-Za-z0-9+/=]+)", answer.headers.get("x-goog-hash", ""))
    text = google[1] if google else answer.headers.get("content-md5", "")
    try:
        found = base64.b64decode(text, validate=True).hex()
    except ValueError:
        return None
    # with a part, some servers send that of the part
    return found if len(found) == _MD5_HEX and (google or answer.status == 200) else None


def _last(stop: int | None) -> str:
    return "" if stop is None else str(stop - 1)


def _check(answer: Answer, host: str) -> None:
    """Raises: Failure, unless this is an answer with the object in it."""
    status = answer.status
    if status in (200, 206):
        if answer.headers.get("content-encoding", "identity") not in ("", "identity"):
            raise Failure(
                code=Code.INVALID_INPUT, message=f"{host} sends the file compressed, unasked."
            )
        return
    if status in _GONE:
        raise Failure(code=Code.INPUT_NOT_FOUND, message=f"{host} has no such file ({status}).")
    if status in _DENIED:
        raise Failure(
            code=Code.INPUT_ACCESS_DENIED,
            message=f"{host} does not hand the file out ({status}).",
            suggestion="Check that the URL is public, or presigned and not expired.",
        )
    if status >= 500 or status in _TRANSIENT:
        raise Failure(
            code=Code.INPUT_DOWNLOAD_FAILED,
            message=f"{host} answered with status {status}.",
            retry_after=retry_after(answer.headers.get("retry-after", "")),
        )
    raise Failure(code=Code.INVALID_INPUT, message=f"{host} answered with status {status}.")


def retry_after(value: str) -> int | None:
    """Seconds, from a number or a date."""
    if _NUMBER.fullmatch(value):
        return int(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError):
        return None
    return max(0, round((at - datetime.now(UTC)).total_seconds())) if at.tzinfo else None
