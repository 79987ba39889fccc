"""`s3://`: objects read in ranges, written in parts that appear as a whole or not at all.

boto3, because it is the reference: credentials from wherever Amazon's tools have them, signing,
regions, retries of single requests. Uploads are driven here rather than by its transfer manager, which
completes an upload by itself: we complete it under the fence of the step.
"""

import os
import re
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NoReturn

from app.engine.storage.local import md5 as md5_of
from app.engine.storage.port import Described, Published
from app.errors import Failure
from operators.problem import Code
from planner.media_types import UNKNOWN
from planner.uri import parse_uri

_CHANGED = "has changed while it was read"
_CHUNK = 1 << 20
_PART_BYTES = 16 << 20
_MOST_PARTS = 9_000  # S3 takes 10,000
_AT_ONCE = 4
_MARK = "#upload="
_UNKNOWN = "?"  # no id yet: whose it is follows
MARKS = "s3://"
"""With what every mark begins."""
UNCERTAIN = f"%{_MARK}{_UNKNOWN}%"
"""Marks of uploads that may not have begun, as a pattern of SQL's LIKE."""
_YOUNG = timedelta(minutes=1)  # whoever lives has noted its id by then
_GONE = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NoSuchUpload"})
_DENIED = frozenset({"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"})  # fmt: skip
# 4xx that another try may heal: the server is busy, or bytes were lost or damaged on their way. So is
# one without a name: a server that could not read the request, or what stands before it, says no more
_PASSING = frozenset(
    "SlowDown RequestTimeout Throttling ThrottlingException RequestTimeTooSkewed"
    " BadDigest IncompleteBody XAmzContentSHA256Mismatch InvalidPart".split()
)
_MAY_PASS = frozenset({408, 409, 429})
Note = Callable[[str], None]
Tick = Callable[[int], object]


@cache
def _client(endpoint: str, pid: int) -> Any:
    # loaded when it is needed: it is large, and most processes never speak to S3
    import boto3
    from botocore.config import Config

    # a client of its own for each process: sockets are not shared over a fork
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint or None,
        config=Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            max_pool_connections=2 * _AT_ONCE,
            # servers other than Amazon's seldom have a host name a bucket
            s3={"addressing_style": "path" if endpoint else "auto"},
        ),
    )


def client(endpoint: str) -> Any:
    return _client(endpoint, os.getpid())


def bucket_problem(bucket: str, endpoint: str) -> str | None:
    """Why a bucket cannot be used, and what to do; None where it answers."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client(endpoint).head_bucket(Bucket=bucket)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _GONE:
            return "is not there: make it, or change S3_ALLOWED_PREFIXES"
        if code in _DENIED:
            return "is refused: check the credentials and their policy"
        return f"answers {code}: look at the server"
    except BotoCoreError as error:
        return f"{error}: check S3_ENDPOINT_URL and the credentials"
    return None


@dataclass(frozen=True, kw_only=True)
class S3Object:
    """`s3://bucket/key` on one server."""

    uri: str
    endpoint: str = ""

    @property
    def host(self) -> str:
        return self.endpoint.rpartition("//")[2].rstrip("/") or "s3.amazonaws.com"

    @property
    def name(self) -> str:
        """The URI as all write it: marks are compared."""
        found = parse_uri(self.uri)
        return f"s3://{found.host}{found.path}"

    @property
    def where(self) -> dict[str, str]:
        found = parse_uri(self.uri)
        return {"Bucket": found.host, "Key": found.path[1:]}

    @property
    def api(self) -> Any:
        return client(self.endpoint)


@dataclass(frozen=True, kw_only=True)
class S3Source(S3Object):
    """An object to be read."""

    def describe(self) -> Described:
        with self._saying():
            found = self.api.head_object(**self.where)
        tag = found.get("ETag", "")
        # of an object that came in one piece, and is not encrypted by a key, the ETag is the MD5
        is_md5 = re.fullmatch('"[0-9a-f]{32}"', tag) and "SSEKMSKeyId" not in found
        return Described(
            size_bytes=found["ContentLength"], version=tag or None, has_ranges=True,
            md5=tag.strip('"') if is_md5 and "SSECustomerAlgorithm" not in found else None,
        )  # fmt: skip

    @contextmanager
    def read(
        self, start: int = 0, stop: int | None = None, version: str | None = None
    ) -> Iterator[Iterator[bytes]]:
        wanted = {} if start == 0 and stop is None else {"Range": f"bytes={start}-{_last(stop)}"}
        same = {"IfMatch": version} if version else {}
        with self._saying():
            found = self.api.get_object(**self.where, **wanted, **same)
        body = found["Body"]
        try:
            # some servers take no notice of If-Match
            if version and found.get("ETag", version) != version:
                raise Failure(code=Code.INPUT_DOWNLOAD_FAILED, message=f"{self.uri} {_CHANGED}.")
            yield self._chunks(body)
        finally:
            body.close()

    def _chunks(self, body: Any) -> Iterator[bytes]:
        with self._saying():
            yield from body.iter_chunks(_CHUNK)

    @contextmanager
    def _saying(self) -> Iterator[None]:
        codes = Code.INPUT_NOT_FOUND, Code.INPUT_ACCESS_DENIED, Code.INPUT_DOWNLOAD_FAILED
        with _saying(self.uri, *codes):
            yield


def _last(stop: int | None) -> str:
    return "" if stop is None else str(stop - 1)


@dataclass(kw_only=True)
class S3Publication:
    """An object on its way: a multipart upload that is completed at the end."""

    target: S3Object
    attempt: str = ""
    """Whose it is."""
    media_type: str = UNKNOWN
    marks: list[str] = field(default_factory=list)
    """What stands for it in the list of what must not outlive its attempt."""
    _upload_id: str | None = None
    _parts: dict[int, str] = field(default_factory=dict)
    _size: int = 0
    _md5: str | None = None

    def stage(self, work_file: str, note: Note, tick: Tick) -> None:
        """Upload all parts. Raises: Failure, OSError; whatever `tick` raises."""
        self._size = os.path.getsize(work_file)
        # noted before it is begun: whoever dies in between leaves an upload that can be found
        self._note(note, f"{self.target.name}{_MARK}{_UNKNOWN}{self.attempt}")
        with self._saying():
            begun = self.target.api.create_multipart_upload(
                **self.target.where, ContentType=self.media_type
            )
        self._upload_id = begun["UploadId"]
        self._note(note, f"{self.target.name}{_MARK}{self._upload_id}")
        self._upload(work_file, tick)
        self._md5 = md5_of(work_file)

    def _note(self, note: Note, mark: str) -> None:
        """The mark stands for what the one before stood for."""
        self.marks[:] = [mark]
        note(mark)

    def _upload(self, work_file: str, tick: Tick) -> None:
        length = max(_PART_BYTES, -(-self._size // _MOST_PARTS))
        starts = range(0, max(self._size, 1), length)
        left = iter(enumerate(starts, 1))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            running: dict[Future[str], int] = {}
            try:
                while True:
                    for number, start in left:
                        future = pool.submit(self._send, work_file, number, start, length)
                        running[future] = number
                        if len(running) == _AT_ONCE:
                            break
                    if not running:
                        return
                    done, _ = wait(running, timeout=0.3, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._parts[running.pop(future)] = future.result()
                    tick(min(self._size, len(self._parts) * length))
            finally:
                for future in running:
                    future.cancel()

    def _send(self, work_file: str, number: int, start: int, length: int) -> str:
        from s3transfer.utils import ReadFileChunk

        with self._saying(), ReadFileChunk.from_filename(work_file, start, length) as body:
            sent = self.target.api.upload_part(
                **self.target.where, UploadId=self._upload_id, PartNumber=number, Body=body
            )
            return str(sent["ETag"])

    def reveal(self) -> Published:
        """Make the object appear, replacing what was there. Raises: Failure."""
        parts = [{"PartNumber": n, "ETag": self._parts[n]} for n in sorted(self._parts)]
        with self._saying():
            self.target.api.complete_multipart_upload(
                **self.target.where, UploadId=self._upload_id, MultipartUpload={"Parts": parts}
            )
            there = self.target.api.head_object(**self.target.where)["ContentLength"]
        if there != self._size:
            raise Failure(
                code=Code.OUTPUT_UPLOAD_FAILED,
                message=f"{self.target.uri} has {there} bytes instead of {self._size}.",
            )
        return Published(size_bytes=self._size, md5=self._md5)

    def discard(self) -> None:
        """Take back what was uploaded. Raises: Failure."""
        if self._upload_id:
            abort(f"{self.target.name}{_MARK}{self._upload_id}", self.target.endpoint)

    def _saying(self) -> Any:
        return _writing(self.target.uri)


def is_mark(text: str) -> bool:
    return text.startswith(MARKS) and _MARK in text


def abort(mark: str, endpoint: str, known: Callable[[], Collection[str]] = tuple) -> None:
    """End the upload that a mark stands for. One whose id was never noted is any of the object's that
    is not among the marks that are `known` by now, and not of this minute. Raises: Failure."""
    from botocore.exceptions import ClientError

    uri, _, upload_id = mark.rpartition(_MARK)
    target = S3Object(uri=uri, endpoint=endpoint)
    with _writing(uri):
        ids = _lost(target, known) if upload_id.startswith(_UNKNOWN) else [upload_id]
        for one in ids:
            try:
                target.api.abort_multipart_upload(**target.where, UploadId=one)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _GONE:
                    raise


def _lost(target: S3Object, known: Callable[[], Collection[str]]) -> list[str]:
    where = target.where
    found = target.api.list_multipart_uploads(Bucket=where["Bucket"], Prefix=where["Key"])
    begun = [upload for upload in found.get("Uploads", ()) if upload["Key"] == where["Key"]]
    # asked after the list: an upload that began meanwhile is not in it, one that is in it is noted
    noted = set(known()) if begun else set()
    young = datetime.now(UTC) - _YOUNG
    return [
        upload["UploadId"]
        for upload in begun
        if f"{target.name}{_MARK}{upload['UploadId']}" not in noted and upload["Initiated"] < young
    ]


def removing(uri: str) -> Any:
    """Errors of lists and removals. Raises: Failure STORAGE_ERROR."""
    return _saying(uri, *[Code.STORAGE_ERROR] * 3)


def _writing(uri: str) -> Any:
    codes = Code.OUTPUT_WRITE_FAILED, Code.OUTPUT_ACCESS_DENIED, Code.OUTPUT_UPLOAD_FAILED
    return _saying(uri, *codes)


@contextmanager
def _saying(uri: str, gone: Code, denied: Code, failed: Code) -> Iterator[None]:
    """What boto3 raises, as Failures."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except NoCredentialsError as error:
        raise Failure(
            code=denied, message="This worker has no credentials for S3.",
            suggestion="Whoever runs the service: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        ) from error  # fmt: skip
    except ClientError as error:
        _refused(uri, error, gone, denied, failed)
    except BotoCoreError as error:
        raise Failure(code=failed, message=f"{uri}: S3 does not answer.") from error


def _refused(uri: str, error: Any, gone: Code, denied: Code, failed: Code) -> NoReturn:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _GONE:
        raise Failure(code=gone, message=f"{uri} is not there.") from error
    if code in _DENIED:
        raise Failure(code=denied, message=f"{uri} may not be used ({code}).") from error
    if code in ("412", "PreconditionFailed"):
        raise Failure(code=failed, message=f"{uri} {_CHANGED}.") from error
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    is_named = code not in ("", str(status))
    is_ours = is_named and 400 <= status < 500 and status not in _MAY_PASS and code not in _PASSING
    # of this object or request, not of the server: another try will not do, and others are well
    raise Failure(
        code=denied if is_ours else failed, message=f"{uri}: S3 answered {code or 'with an error'}."
    ) from error
