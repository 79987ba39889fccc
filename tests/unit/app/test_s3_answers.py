"""What an S3 server refuses, and whether it is worth another try."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.engine.storage import s3
from app.engine.storage.s3 import S3Source
from app.errors import Failure
from operators.problem import Code


def refused(monkeypatch: pytest.MonkeyPatch, status: int, code: str) -> Failure:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}

    class Refusing:
        def head_object(self, **_: object) -> None:
            raise ClientError(answer, "HeadObject")

    monkeypatch.setattr(s3, "client", lambda endpoint: Refusing())
    with pytest.raises(Failure) as caught:
        S3Source(uri="s3://media/in.mp4").describe()
    return caught.value


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "400"), (400, ""), (408, "408"), (400, "RequestTimeout"), (400, "BadDigest"), (400, "IncompleteBody"),
        (409, "OperationAborted"), (429, "429"), (500, "InternalError"), (503, "SlowDown"), (503, "503"),
    ],
)  # fmt: skip
def test_another_try_may_do(monkeypatch: pytest.MonkeyPatch, status: int, code: str) -> None:
    failure = refused(monkeypatch, status, code)
    assert failure.code == Code.INPUT_DOWNLOAD_FAILED
    assert failure.is_retryable


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [
        (404, "404", Code.INPUT_NOT_FOUND), (404, "NoSuchBucket", Code.INPUT_NOT_FOUND),
        (403, "403", Code.INPUT_ACCESS_DENIED), (403, "InvalidAccessKeyId", Code.INPUT_ACCESS_DENIED),
        (403, "InvalidObjectState", Code.INPUT_ACCESS_DENIED), (400, "KeyTooLongError", Code.INPUT_ACCESS_DENIED),
    ],
)  # fmt: skip
def test_no_other_try_will_do(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, ours: Code
) -> None:
    failure = refused(monkeypatch, status, code)
    assert failure.code == ours
    assert not failure.is_retryable
