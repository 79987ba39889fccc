"""FFmpeg's last words as a code: ordered rules over its tagged lines, the exit and the signal.

Lines carry tags because of `-loglevel repeat+level+…`; the first error line is the cause, what
follows is fallout. Rules that only make sense for one side (input, output) say so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.process import Outcome, Stop
from app.errors import Failure, FFmpegDetails
from operators.problem import Code


@dataclass(frozen=True)
class Rule:
    """The first rule whose pattern is found anywhere in the error lines wins."""

    pattern: str
    code: Code
    message: str
    """`{0}` is what the pattern captured."""


RULES: tuple[Rule, ...] = (
    Rule(r"No space left on device|Disk quota exceeded", Code.INSUFFICIENT_DISK_SPACE, "The disk is full."),
    Rule(r"File too large", Code.OUTPUT_TOO_LARGE, "The output grew beyond the size limit."),
    Rule(r"Cannot allocate memory", Code.INSUFFICIENT_MEMORY, "FFmpeg ran out of memory."),
    Rule(r"Format not on whitelist", Code.FORMAT_BLOCKED, "The input's format is not allowed here."),
    Rule(r"Protocol '([^']*)' not on whitelist", Code.PROTOCOL_BLOCKED, "The input refers to a {0}: address, which may not be opened."),
    Rule(r"Codec \(([^)]*)\) not on whitelist", Code.UNSUPPORTED_CODEC, "The codec {0} is not allowed here."),
    Rule(r"exceeds specified max pixel count|Picture size \S+ is invalid", Code.RESOLUTION_TOO_HIGH, "The input's picture is too large."),
    Rule(r"moov atom not found", Code.INPUT_CORRUPTED, "The MP4 file is not complete: its index (moov) is missing."),
    Rule(r"Unknown encoder '([^']*)'", Code.UNSUPPORTED_CODEC, "This FFmpeg has no encoder {0}."),
    Rule(r"Unknown decoder '([^']*)'|Decoder \(codec ([^)]*)\) not found", Code.UNSUPPORTED_CODEC, "This FFmpeg has no decoder {0}."),
    Rule(r"No such filter: '([^']*)'", Code.FILTER_FAILED, "This FFmpeg has no filter {0}."),
    Rule(r"(?:Error opening output|Could not open file).*Permission denied", Code.OUTPUT_ACCESS_DENIED, "The output may not be written."),
    Rule(r"Permission denied", Code.INPUT_ACCESS_DENIED, "A file may not be read."),
    Rule(r"Empty output|Output file is empty|Nothing was written", Code.OUTPUT_EMPTY, "Nothing was left to write: the output is empty."),
    Rule(r"Error (?:re)?initializing filter|Error applying option|Failed to configure|Invalid argument.*filter|unconnected output|matches no streams", Code.FILTER_FAILED, "A filter could not be set up."),
    Rule(r"Could not find tag for codec (\S+)|codec not currently supported in container", Code.CODEC_NOT_IN_CONTAINER, "The container cannot hold the codec {0}."),
    Rule(r"Error while opening encoder|Error initializing output stream|\[enc:", Code.ENCODING_FAILED, "The encoder could not be started with these settings."),
    Rule(r"Invalid data found when processing input|Invalid NAL|Invalid sync code|Invalid frame marker|corrupt|Header missing|EBML header", Code.INPUT_CORRUPTED, "The input is damaged or is not media."),
    Rule(r"Could not write header|Error writing trailer|muxing", Code.MUXING_FAILED, "The output container could not be written."),
    Rule(r"No such file or directory", Code.INPUT_NOT_FOUND, "The input file is not there."),
    Rule(r"Connection refused|Connection timed out|Network is unreachable", Code.NETWORK_ERROR, "The network failed."),
)  # fmt: skip

_STOPS = {
    Stop.DEADLINE: (Code.FFMPEG_TIMEOUT, "The step took longer than it may and was stopped."),
    Stop.STALL: (Code.STALLED, "FFmpeg made no progress and was stopped."),
    Stop.CANCELLED: (Code.CANCELLED, "The job was cancelled."),
    Stop.LEASE_LOST: (Code.WORKER_CRASHED, "Another worker took the step over."),
}
_ERROR_LINE = re.compile(r"\[(error|fatal|panic)\]")
_TAIL = 20


def classify(outcome: Outcome, command: str) -> Failure:
    """The failure of an FFmpeg run that did not succeed. `command` is shown, so paths are tokens."""
    details = FFmpegDetails(
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        command=command,
        stderr_tail=outcome.stderr_tail[-_TAIL:],
    )
    if outcome.stopped:
        code, message = _STOPS[outcome.stopped]
        return Failure(code=code, message=message, ffmpeg=details)
    if outcome.signal:
        return Failure(
            code=Code.FFMPEG_CRASHED,
            message=f"FFmpeg was ended by {outcome.signal}.",
            ffmpeg=details,
        )
    found = match_rules(outcome.stderr_tail)
    if found:
        return Failure(code=found[0], message=found[1], ffmpeg=details)
    return Failure(
        code=Code.FFMPEG_FAILED,
        message=f"FFmpeg failed with exit code {outcome.exit_code}: {_cause(outcome.stderr_tail)}",
        ffmpeg=details,
    )


def classify_probe(outcome: Outcome, path: str) -> Failure:
    """Why a file could not be probed; quotes nothing of what lies in the file."""
    if outcome.stopped:
        return Failure(code=Code.MEDIA_PROBE_FAILED, message="Reading the file took too long.")
    # a file's name is no message of FFmpeg's
    found = match_rules([line.replace(path, "{file}") for line in outcome.stderr_tail])
    if found:
        return Failure(code=found[0], message=found[1])
    return Failure(code=Code.MEDIA_PROBE_FAILED, message="The file could not be read as media.")


def match_rules(lines: Sequence[str]) -> tuple[Code, str] | None:
    """The code and sentence for the first error line that a rule fits, or None.

    That nothing was written is fallout wherever anything else is said.
    """
    errors = [line for line in lines if _ERROR_LINE.search(line)] or list(lines)
    found = [match for match in map(_match, errors) if match]
    return next(
        (one for one in found if one[0] is not Code.OUTPUT_EMPTY), found[0] if found else None
    )


def _match(line: str) -> tuple[Code, str] | None:
    for rule in RULES:
        match = re.search(rule.pattern, line, re.IGNORECASE)
        if match:
            captured = next((group for group in match.groups() if group), "")
            return rule.code, rule.message.format(captured)
    return None


def _cause(lines: Sequence[str]) -> str:
    return next((line for line in lines if _ERROR_LINE.search(line)), "it said nothing.")
