"""What every code means: group, category, HTTP status, severity, whether to try again, message,
remedy. A table; docs/errors.md and the pages below /docs/errors are made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from operators.problem import Code


class Category(StrEnum):
    VALIDATION = "validation"
    PERMISSION = "permission"
    RATE_LIMIT = "rate_limit"
    NOT_FOUND = "not_found"
    PROCESSING = "processing"
    INFRASTRUCTURE = "infrastructure"
    TIMEOUT = "timeout"
    INTERNAL = "internal"


class Retryable(StrEnum):
    """Whether we try again (retryable), nobody should, or the client may later (external)."""

    RETRYABLE = "retryable"
    NOT_RETRYABLE = "not_retryable"
    RETRYABLE_EXTERNAL = "retryable_external"


@dataclass(frozen=True, kw_only=True)
class Meaning:
    category: Category
    status: int
    retryable: Retryable
    severity: str
    message: str
    remedy: str
    group: str = ""
    """Where in the life of a job it belongs: validation, input, resource, processing, …"""


_V, _P, _N = Category.VALIDATION, Category.PERMISSION, Category.NOT_FOUND
_W, _I, _T = Category.PROCESSING, Category.INFRASTRUCTURE, Category.TIMEOUT
_L, _X = Category.RATE_LIMIT, Category.INTERNAL
_NO, _YES, _LATER = Retryable.NOT_RETRYABLE, Retryable.RETRYABLE, Retryable.RETRYABLE_EXTERNAL


def _row(
    category: Category, status: int, retryable: Retryable, message: str, remedy: str
) -> Meaning:
    severity = "critical" if category is _X else "warning" if retryable is _YES else "error"
    return Meaning(
        category=category, status=status, retryable=retryable, severity=severity,
        message=message, remedy=remedy,
    )  # fmt: skip


_LISTED = "Mend the places that errors[] points at, then submit again."
TRIED = "The service tries again by itself; if it keeps failing, tell whoever runs it."

_GROUPS: Mapping[str, Mapping[Code, Meaning]] = {
    "validation": {
        Code.INVALID_JOB_SPEC: _row(_V, 422, _NO, "The job specification is not valid.", _LISTED),
        Code.INVALID_OPERATION: _row(_V, 422, _NO, "An operation cannot work as it is written.", _LISTED),
        Code.INVALID_OPERATOR_PARAMS: _row(_V, 422, _NO, "A parameter has a value that cannot be used.", "GET /v1/operators/{name} lists every parameter with its range."),
        Code.INVALID_INPUT: _row(_V, 422, _NO, "An input cannot be used as it is written.", _LISTED),
        Code.INVALID_OUTPUT: _row(_V, 422, _NO, "An output cannot be written as it is asked for.", _LISTED),
        Code.INVALID_REFERENCE: _row(_V, 422, _NO, "A reference names something that is not there.", "Refer to the id of an input or the output name of an operation."),
        Code.CYCLIC_DEPENDENCY: _row(_V, 422, _NO, "Operations depend on each other in a circle.", "Break the circle that the message prints."),
        Code.UNREACHABLE_NODE: _row(_V, 422, _NO, "A part of the job leads nowhere.", "Remove it, or refer to it."),
        Code.UNKNOWN_OPERATOR: _row(_N, 404, _NO, "There is no operator of that name.", "GET /v1/operators lists them."),
        Code.UNKNOWN_PARAMETER: _row(_V, 422, _NO, "The operator has no such parameter.", "GET /v1/operators/{name} lists its parameters."),
        Code.UNKNOWN_FIELD: _row(_V, 422, _NO, "There is no such field.", "Remove it, or write it as the suggestion says."),
        Code.DUPLICATE_ID: _row(_V, 422, _NO, "A name is used twice.", "Give each input and each operation output a name of its own."),
        Code.CODEC_NOT_IN_CONTAINER: _row(_V, 422, _NO, "The container cannot hold that codec.", "Choose another codec or another format."),
    },
    "input": {
        Code.INPUT_NOT_FOUND: _row(_N, 404, _NO, "The input file is not there.", "Check the source's spelling, and that the file is in place before the job is sent."),
        Code.INPUT_ACCESS_DENIED: _row(_P, 403, _NO, "The input may not be read.", "Let the service's user read the file."),
        Code.INPUT_OUTSIDE_ROOTS: _row(_P, 403, _NO, "The path lies outside the folders that the service may use.", "Use a path below MEDIA_ROOTS."),
        Code.INPUT_DOWNLOAD_FAILED: _row(_I, 502, _YES, "The input could not be fetched.", TRIED),
        Code.INPUT_CORRUPTED: _row(_V, 422, _NO, "The input is damaged or not media.", "Play the file on your machine; upload it again if it is cut off."),
        Code.INPUT_ENCRYPTED: _row(_V, 422, _NO, "The input is encrypted.", "Send a file without copy protection."),
        Code.INPUT_TOO_LARGE: _row(_V, 413, _NO, "The input is larger than allowed.", "Send a smaller file, or ask for a higher limit."),
        Code.INPUT_CHANGED: _row(_V, 422, _NO, "The input is not the file any more that the job was planned for.", "Submit the job again when the file is complete; write to another name and rename it when it is."),
        Code.MEDIA_PROBE_FAILED: _row(_V, 422, _NO, "The input could not be read as media.", "Check that the file is complete and really a media file."),
        Code.STREAM_NOT_FOUND: _row(_W, 422, _NO, "A stream that the job needs is not in the input.", "Look with POST /v1/probe which streams the input has, and refer to those."),
        Code.UNSUPPORTED_FORMAT: _row(_V, 422, _NO, "The format of the input is not supported.", "Convert it to mp4, mkv, webm, mp3, wav or another common format."),
        Code.UNSUPPORTED_CODEC: _row(_V, 422, _NO, "A codec is not supported by this FFmpeg.", "Choose another codec; media-pipeline doctor lists what is missing."),
        Code.FORMAT_BLOCKED: _row(_P, 403, _NO, "The input's format is not allowed here.", "Playlists and scripts are refused; send the media file itself."),
        Code.PROTOCOL_BLOCKED: _row(_P, 403, _NO, "The input refers to something that may not be opened.", "Send a file that holds its media itself."),
        Code.SSRF_BLOCKED: _row(_P, 403, _NO, "The address is not on the public internet.", "Use a public address."),
    },
    "resource": {
        Code.RESOURCE_LIMIT_EXCEEDED: _row(_V, 422, _NO, "A limit is exceeded.", "Stay within the server's limits, or ask for higher ones."),
        Code.DURATION_TOO_LONG: _row(_V, 422, _NO, "The input is longer than allowed.", "Take a part of it, or ask for a higher limit."),
        Code.RESOLUTION_TOO_HIGH: _row(_V, 422, _NO, "A picture is larger than allowed.", "Choose a smaller size, or ask for a higher limit."),
        Code.OUTPUT_TOO_LARGE: _row(_V, 422, _NO, "An output grew larger than allowed.", "Choose a lower bitrate or a smaller size."),
        Code.QUOTA_EXCEEDED: _row(_L, 429, _LATER, "Your quota is used up.", "Wait until running jobs are done."),
        Code.RATE_LIMIT_EXCEEDED: _row(_L, 429, _LATER, "Too many requests.", "Wait for the seconds in Retry-After."),
    },
    "processing": {
        Code.FFMPEG_FAILED: _row(_W, 500, _YES, "FFmpeg failed.", "error.ffmpeg.stderr_tail holds its last words."),
        Code.FFMPEG_TIMEOUT: _row(_T, 504, _LATER, "A step took longer than it may.", "Split the job, choose a faster preset, or raise timeout."),
        Code.FFMPEG_CRASHED: _row(_W, 500, _YES, "FFmpeg was killed or crashed.", TRIED),
        Code.STALLED: _row(_T, 504, _YES, "FFmpeg made no progress and was stopped.", TRIED),
        Code.ENCODING_FAILED: _row(_W, 500, _NO, "The encoder refused its settings.", "Change codec settings; leave out what you need not set."),
        Code.DECODING_FAILED: _row(_W, 422, _NO, "The input could not be decoded.", "Check that the file plays; send it again if it is damaged."),
        Code.FILTER_FAILED: _row(_W, 500, _NO, "A filter could not work.", "Check the operation's parameters against the input."),
        Code.MUXING_FAILED: _row(_W, 500, _NO, "The output container could not be written.", "Choose another format or codec."),
        Code.INVALID_COMMAND: _row(_X, 500, _NO, "The service wrote a command that this FFmpeg does not understand.", "Tell whoever runs the service, with the job's bundle; media-pipeline doctor lists what this FFmpeg lacks."),
    },
    "output": {
        Code.OUTPUT_INVALID: _row(_W, 500, _YES, "The output is not what was planned, so it was not published.", TRIED),
        Code.OUTPUT_EMPTY: _row(_W, 422, _NO, "The output would be empty.", "Check that trim lies inside the input."),
        Code.OUTPUT_UPLOAD_FAILED: _row(_I, 502, _YES, "The output could not be uploaded.", TRIED),
        Code.OUTPUT_ACCESS_DENIED: _row(_P, 403, _NO, "The destination may not be written.", "Let the service's user write there."),
        Code.OUTPUT_WRITE_FAILED: _row(_I, 500, _YES, "The output could not be written.", TRIED),
        Code.OUTPUT_CLIPPED: _row(_W, 422, _NO, "A warning: the output is published, but its sound was louder than full scale, where it is cut off.", "Lower gain_db or weights, or put loudnorm last."),
        Code.OUTPUT_DIFFERS: _row(_W, 422, _NO, "A warning: the output is published, but something about it is not what its input promised.", "Look at the output at the place that the message names."),
    },
    "infrastructure": {
        Code.FFMPEG_UNAVAILABLE: _row(_I, 503, _YES, "FFmpeg cannot be started on the machine.", "Whoever runs the service: run media-pipeline doctor on that worker."),
        Code.INSUFFICIENT_DISK_SPACE: _row(_I, 503, _YES, "There is not enough disk space.", "Free space in WORK_DIR or at the destination."),
        Code.INSUFFICIENT_MEMORY: _row(_I, 503, _YES, "There is not enough memory.", "Choose a smaller picture, or raise the memory limit."),
        Code.DATABASE_ERROR: _row(_I, 503, _YES, "The database did not answer.", TRIED),
        Code.QUEUE_ERROR: _row(_I, 503, _YES, "The queue did not answer.", TRIED),
        Code.STORAGE_ERROR: _row(_I, 503, _YES, "The storage did not answer.", TRIED),
        Code.NETWORK_ERROR: _row(_I, 502, _YES, "The network failed.", TRIED),
        Code.PROBE_BUSY: _row(_I, 503, _LATER, "Too many requests wait for files already.", "Try again after the seconds in Retry-After, or submit the job: it waits by itself."),
        Code.SERVICE_UNAVAILABLE: _row(_I, 503, _YES, "The service cannot answer right now.", "Try again after the seconds in Retry-After."),
        Code.WORKER_CRASHED: _row(_I, 500, _YES, "A worker died while it ran the step.", TRIED),
    },
    "request": {
        Code.MALFORMED_REQUEST: _row(_V, 400, _NO, "The request is not HTTP as it should be.", "Use a client that speaks HTTP/1.1, with less than 64 KiB of headers."),
        Code.MALFORMED_JSON: _row(_V, 400, _NO, "The body is not JSON.", "Check the body with a JSON validator."),
        Code.INVALID_BODY: _row(_V, 422, _NO, "A field of the body cannot be used.", _LISTED),
        Code.INVALID_QUERY: _row(_V, 422, _NO, "A query parameter cannot be used.", _LISTED),
        Code.UNAUTHENTICATED: _row(_P, 401, _NO, "The request has no valid credential.", "Send Authorization: Bearer <API key>."),
        Code.FORBIDDEN: _row(_P, 403, _NO, "The credential does not allow this.", "Use a key that has the scope named in the message."),
        Code.NOT_FOUND: _row(_N, 404, _NO, "There is nothing at this address.", "The endpoints are listed at /docs."),
        Code.JOB_NOT_FOUND: _row(_N, 404, _NO, "There is no such job.", "Check the job_id."),
        Code.PLAN_NOT_READY: _row(_N, 404, _YES, "The job has not been planned yet.", "Ask again in a second."),
        Code.METHOD_NOT_ALLOWED: _row(_V, 405, _NO, "The address does not take this method.", "The Allow header lists those that it takes."),
        Code.NOT_ACCEPTABLE: _row(_V, 406, _NO, "No acceptable representation.", "Accept application/json."),
        Code.CANNOT_CANCEL: _row(_V, 409, _NO, "The job is finished, so it cannot be cancelled.", "Nothing is left to be done."),
        Code.CANNOT_CHANGE: _row(_V, 409, _NO, "The job has ended, so it cannot be changed.", "Submit a new job."),
        Code.CANNOT_RETRY: _row(_V, 409, _NO, "Only a failed job can be retried.", "Submit a new job."),
        Code.IDEMPOTENCY_CONFLICT: _row(_V, 409, _NO, "The Idempotency-Key was used with another body.", "Use a new key for a new job."),
        Code.BODY_TOO_LARGE: _row(_V, 413, _NO, "The body is too large.", "Send at most 1 MiB."),
        Code.UNSUPPORTED_MEDIA_TYPE: _row(_V, 415, _NO, "The body's type is not supported.", "Send Content-Type: application/json."),
    },
    "system": {
        Code.TIMEOUT: _row(_T, 504, _LATER, "The job took longer than its timeout.", "Raise timeout, or split the job."),
        Code.CANCELLED: _row(_X, 409, _NO, "The job was cancelled.", "Submit it again if it is wanted after all."),
        Code.UNEXPECTED_STATE: _row(_X, 500, _NO, "The service met a state that should not be.", "Tell whoever runs it, with the request_id."),
        Code.INTERNAL_ERROR: _row(_X, 500, _NO, "The service has a fault.", "Tell whoever runs it, with the request_id."),
    },
}  # fmt: skip

MEANINGS: Mapping[Code, Meaning] = {
    code: replace(meaning, group=group)
    for group, meanings in _GROUPS.items()
    for code, meaning in meanings.items()
}


def documentation(code: Code) -> str:
    """Where the service explains a code."""
    return f"/docs/errors/{code}"
