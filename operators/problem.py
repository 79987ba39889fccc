"""What can be wrong, as data: the stable codes, and one finding with its place and remedy.

The meaning of each code for people and for HTTP (status, severity, retry, advice) is in `app.errors`.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from typing import Any, Self

from operators.synonyms import SYNONYMS

_FEW = 4


class Code(StrEnum):
    """Every error code that a user can meet. A code never changes its meaning."""

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    # the job specification
    INVALID_JOB_SPEC = auto()
    INVALID_OPERATION = auto()
    INVALID_OPERATOR_PARAMS = auto()
    INVALID_INPUT = auto()
    INVALID_OUTPUT = auto()
    INVALID_REFERENCE = auto()
    CYCLIC_DEPENDENCY = auto()
    UNREACHABLE_NODE = auto()
    UNKNOWN_OPERATOR = auto()
    UNKNOWN_PARAMETER = auto()
    UNKNOWN_FIELD = auto()
    DUPLICATE_ID = auto()
    CODEC_NOT_IN_CONTAINER = auto()
    # the input
    INPUT_NOT_FOUND = auto()
    INPUT_ACCESS_DENIED = auto()
    INPUT_OUTSIDE_ROOTS = auto()
    INPUT_DOWNLOAD_FAILED = auto()
    INPUT_CORRUPTED = auto()
    INPUT_ENCRYPTED = auto()
    INPUT_TOO_LARGE = auto()
    INPUT_CHANGED = auto()
    MEDIA_PROBE_FAILED = auto()
    UNSUPPORTED_FORMAT = auto()
    UNSUPPORTED_CODEC = auto()
    FORMAT_BLOCKED = auto()
    PROTOCOL_BLOCKED = auto()
    SSRF_BLOCKED = auto()
    # limits
    RESOURCE_LIMIT_EXCEEDED = auto()
    DURATION_TOO_LONG = auto()
    RESOLUTION_TOO_HIGH = auto()
    OUTPUT_TOO_LARGE = auto()
    QUOTA_EXCEEDED = auto()
    RATE_LIMIT_EXCEEDED = auto()
    # processing
    FFMPEG_FAILED = auto()
    FFMPEG_TIMEOUT = auto()
    FFMPEG_CRASHED = auto()
    STALLED = auto()
    ENCODING_FAILED = auto()
    DECODING_FAILED = auto()
    FILTER_FAILED = auto()
    MUXING_FAILED = auto()
    STREAM_NOT_FOUND = auto()
    INVALID_COMMAND = auto()
    FFMPEG_UNAVAILABLE = auto()
    # the output
    OUTPUT_INVALID = auto()
    OUTPUT_EMPTY = auto()
    OUTPUT_UPLOAD_FAILED = auto()
    OUTPUT_ACCESS_DENIED = auto()
    OUTPUT_WRITE_FAILED = auto()
    OUTPUT_DIFFERS = auto()
    OUTPUT_CLIPPED = auto()
    # infrastructure
    INSUFFICIENT_DISK_SPACE = auto()
    INSUFFICIENT_MEMORY = auto()
    DATABASE_ERROR = auto()
    QUEUE_ERROR = auto()
    STORAGE_ERROR = auto()
    NETWORK_ERROR = auto()
    SERVICE_UNAVAILABLE = auto()
    PROBE_BUSY = auto()
    WORKER_CRASHED = auto()
    # the request
    MALFORMED_REQUEST = auto()
    MALFORMED_JSON = auto()
    INVALID_QUERY = auto()
    INVALID_BODY = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    JOB_NOT_FOUND = auto()
    PLAN_NOT_READY = auto()
    METHOD_NOT_ALLOWED = auto()
    NOT_ACCEPTABLE = auto()
    CANNOT_CANCEL = auto()
    CANNOT_RETRY = auto()
    CANNOT_CHANGE = auto()
    IDEMPOTENCY_CONFLICT = auto()
    BODY_TOO_LARGE = auto()
    UNSUPPORTED_MEDIA_TYPE = auto()
    # the system
    TIMEOUT = auto()
    CANCELLED = auto()
    UNEXPECTED_STATE = auto()
    INTERNAL_ERROR = auto()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding about a document: `pointer` is a JSON pointer (RFC 6901) into it."""

    code: Code
    message: str
    pointer: str = ""
    suggestion: str | None = None

    def below(self, prefix: str) -> "Problem":
        """The same finding, seen from a document that holds this one at `prefix`."""
        return replace(self, pointer=prefix + self.pointer)

    def to_json(self) -> dict[str, str | None]:
        return {
            "pointer": self.pointer,
            "code": self.code.value,
            "message": self.message,
            "suggestion": self.suggestion,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            code=Code(document["code"]),
            message=document["message"],
            pointer=document["pointer"],
            suggestion=document["suggestion"],
        )


class Invalid(Exception):
    """The client can mend this: every problem that was found, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer}: {p.message}" for p in self.problems))


def pointer(*parts: str | int) -> str:
    """A JSON pointer from its parts: `pointer("inputs", 0)` is `/inputs/0`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A suggestion: what the word means elsewhere, what begins with it, or what is spelt nearly so; else
    all known words, when they are few."""
    names = sorted(known)
    meant = _meant(word.lower(), names)
    if meant:
        quoted = [f'"{name}"' for name in meant]
        return f"Did you mean {' or '.join(filter(None, (', '.join(quoted[:-1]), quoted[-1])))}?"
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 24 else None


def _meant(word: str, names: Sequence[str]) -> list[str]:
    told = [name for name in SYNONYMS.get(word, ()) if name in names]
    if told:
        return told
    longer = [name for name in names if len(word) > 2 and name.startswith(word)]
    if 0 < len(longer) <= _FEW:
        return longer
    return difflib.get_close_matches(word, names, n=1, cutoff=0.55)
