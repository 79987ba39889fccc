"""Why FFmpeg or ffprobe failed: what the runner knows, then their words, then the exit code.

Lines carry tags because of `-loglevel repeat+level+…`; only error lines are read. The rules are in
`app.engine.stderr_rules`.
"""

import re
from collections.abc import Mapping, Sequence

from app.engine.outcome import Outcome, Stop
from app.engine.stderr_rules import (
    CAUSES,
    EXITS,
    FALLOUT,
    INTERRUPTED,
    RANKS,
    RESOURCES,
    SIGNALS,
    SYMPTOMS,
    Rule,
    Side,
)
from app.errors import Failure, FFmpegDetails
from operators.problem import Code

Found = tuple[Code, str]

_STOPS: Mapping[Stop, Found] = {
    Stop.DEADLINE: (Code.FFMPEG_TIMEOUT, "The step took longer than it may and was stopped."),
    Stop.STALL: (Code.STALLED, "FFmpeg made no progress and was stopped."),
    Stop.MEMORY: (Code.INSUFFICIENT_MEMORY, "FFmpeg took more memory than it may and was stopped."),
    Stop.CANCELLED: (Code.CANCELLED, "The job was cancelled."),
    Stop.LEASE_LOST: (Code.WORKER_CRASHED, "Another worker took the step over."),
}
_TOKENS = {"{in:": Side.INPUT, "{step:": Side.INPUT, "{file}": Side.INPUT, "{out:": Side.OUTPUT}
_CONTEXTS = (
    (re.compile(r"\[Parsed_|\[fc#|AVFilterGraph|Error initializing filter"), Side.FILTER),
    (re.compile(r"\[lib(?:x26|vpx|mp3|opus|svt|aom|theora|vorbis|webp)|^x26[45] \[|\[(?:out#|vost#|aost#|sost#|enc:)|opening output|writing trailer|output (?:file|stream)|Output "), Side.OUTPUT),
    (re.compile(r"\[(?:in#|vist#|aist#|sist#|dec:|dmx)|opening input|input (?:file|stream)"), Side.INPUT),
)  # fmt: skip
_TAIL = 20


def classify(outcome: Outcome, command: str) -> Failure:
    """The failure of an FFmpeg run that did not succeed. `command` and the outcome's lines are
    shown, so paths in them are tokens."""
    code, message = find_cause(outcome)
    details = FFmpegDetails(
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        command=command,
        stderr_tail=outcome.stderr_tail[-_TAIL:],
    )
    return Failure(code=code, message=message, ffmpeg=details)


def classify_probe(outcome: Outcome, path: str) -> Failure:
    """Why a file could not be probed; quotes nothing of what lies in the file."""
    if outcome.stopped:
        return Failure(code=Code.MEDIA_PROBE_FAILED, message="Reading the file took too long.")
    if outcome.signal == "SIGXCPU":
        return Failure(code=Code.MEDIA_PROBE_FAILED, message="Reading the file took too long.")
    if outcome.signal:
        # a damaged file may crash ffprobe, but so does want of memory: another try decides
        return Failure(code=Code.FFMPEG_CRASHED, message=f"ffprobe was ended by {outcome.signal}.")
    # a file's name is no message of FFmpeg's
    found = match_rules([line.replace(path, "{file}") for line in _words(outcome)])
    if found and found[0] is Code.INSUFFICIENT_MEMORY:
        # bounded for the file's sake: another try would ask for as much
        text = "Reading the file takes more memory than it may; it may be damaged."
        return Failure(code=Code.RESOURCE_LIMIT_EXCEEDED, message=text)
    if found:
        return Failure(code=found[0], message=found[1])
    return Failure(code=Code.MEDIA_PROBE_FAILED, message="The file could not be read as media.")


def unreadable(outcome: Outcome, message: str) -> Failure:
    """What an FFmpeg that ended well said of a file that it could not read after all."""
    found = match_rules(outcome.errors, (RESOURCES, CAUSES, SYMPTOMS))
    return (
        Failure(code=found[0], message=found[1])
        if found
        else Failure(code=Code.MEDIA_PROBE_FAILED, message=message)
    )


def find_cause(outcome: Outcome) -> Found:
    """The code and its sentence. Paths in the outcome's lines are tokens."""
    if outcome.stopped:
        return _STOPS[outcome.stopped]
    if outcome.signal:
        default = Code.FFMPEG_CRASHED, f"FFmpeg was ended by {outcome.signal}."
        return SIGNALS.get(outcome.signal, default)
    lines = _words(outcome)
    if outcome.exit_code in INTERRUPTED and not match_rules(lines, (RESOURCES, CAUSES)):
        return Code.FFMPEG_CRASHED, "FFmpeg was told to end by somebody else."
    exits = EXITS.get(outcome.exit_code or 0)
    found = match_rules(lines, RANKS[:-1]) or exits or match_rules(lines, (FALLOUT,))
    cause = next((line for line in lines if line), "it said nothing.")
    return found or (
        Code.FFMPEG_FAILED,
        f"FFmpeg failed with exit code {outcome.exit_code}: {cause}",
    )


def damage_of(outcome: Outcome) -> Found | None:
    """What FFmpeg said of its input although it went on to the end and called that a success."""
    found = match_rules(outcome.errors, (RESOURCES, SYMPTOMS))
    if found and found[0] is Code.INSUFFICIENT_MEMORY:
        return found
    is_damaged = found and found[0] in (Code.INPUT_CORRUPTED, Code.DECODING_FAILED)
    return (Code.INPUT_CORRUPTED, "The input is damaged or cut off.") if is_damaged else None


def _words(outcome: Outcome) -> Sequence[str]:
    """What is read: the lines that are tagged as errors, or all where none is."""
    return outcome.errors or outcome.stderr_tail


def match_rules(lines: Sequence[str], ranks: Sequence[Sequence[Rule]] = RANKS) -> Found | None:
    """The code and sentence of the best rank that any line fits, or None: in a rank, the first
    line that a rule fits, and its first rule."""
    for rank in ranks:
        for line in lines:
            for rule in rank:
                if match := rule.match(line):
                    captured = next((group for group in match.groups() if group), "").strip(" .:,'")
                    return rule.code_at(side_of(line)), rule.message.format(captured)
    return None


def side_of(line: str) -> Side:
    """Whose line it is: by the token that it mentions, else by the context that FFmpeg puts before
    it. A filter's own lines are the filter's, whatever they mention."""
    contexts = [side for pattern, side in _CONTEXTS if pattern.search(line)]
    if Side.FILTER in contexts:
        return Side.FILTER
    tokens = [side for token, side in _TOKENS.items() if token in line]
    return next(iter([*tokens, *contexts]), Side.INPUT)
