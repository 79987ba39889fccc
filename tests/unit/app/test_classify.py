import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from app.engine.classify import classify, classify_probe, find_cause
from app.engine.outcome import Outcome, Stop
from app.engine.progress import Progress
from app.engine.stderr_rules import RANKS
from operators.problem import Code
from tests.helpers.tokens import as_tokens


def outcome(
    *lines: str, code: int | None = 1, signal: str | None = None, stopped: Stop | None = None
) -> Outcome:
    return Outcome(
        exit_code=code, signal=signal, stopped=stopped, stderr_tail=lines, errors=lines, stdout=b"",
        progress=Progress(), wall_s=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["[in#0 @ 0x1] [error] moov atom not found", "[error] Error opening input: Invalid data found when processing input"], Code.INPUT_CORRUPTED),
        (["[error] /x: No such file or directory"], Code.INPUT_NOT_FOUND),
        (["[vost#0:0 @ 0x1] [fatal] Unknown encoder 'libx266'"], Code.UNSUPPORTED_CODEC),
        (["[error] av_interleaved_write_frame(): No space left on device"], Code.INSUFFICIENT_DISK_SPACE),
        (["[out#0/mp4 @ 0x1] [fatal] Error opening output x: Permission denied"], Code.OUTPUT_ACCESS_DENIED),
        (["[in#0 @ 0x1] [error] Error opening input: Permission denied"], Code.INPUT_ACCESS_DENIED),
        (["[error] Format not on whitelist 'mov'"], Code.FORMAT_BLOCKED),
        (["[error] Codec (magicyuv) not on whitelist 'h264'"], Code.UNSUPPORTED_CODEC),
        (["[error] Codec (truehd) not on whitelist 'h264'", "[error] moov atom not found"], Code.INPUT_CORRUPTED),
        (["[error] Cannot allocate memory"], Code.INSUFFICIENT_MEMORY),
        (["[error] Output file is empty, nothing was encoded"], Code.OUTPUT_EMPTY),
        (["[error] something quite new"], Code.FFMPEG_FAILED),
        ([], Code.FFMPEG_FAILED),
    ],
)  # fmt: skip
def test_the_last_words_become_a_code(lines: list[str], code: Code) -> None:
    assert classify(outcome(*lines), "ffmpeg").code is code


def test_names_are_taken_into_the_message() -> None:
    failure = classify(outcome("[fatal] Unknown encoder 'libx266'"), "ffmpeg")
    assert failure.message == "This FFmpeg has no encoder libx266."


def test_a_value_out_of_range_is_no_unknown_option() -> None:
    failure = classify(
        outcome(
            "[Parsed_loudnorm_2 @ 0x1] [error] Value 3.700000 for parameter 'measured_I' out of range [-99 - 0]",
            "[Parsed_loudnorm_2 @ 0x1] [error] Error applying option 'measured_I' to filter 'loudnorm': Numerical result out of range",
        ),
        "ffmpeg",
    )
    assert failure.code is Code.FILTER_FAILED
    assert failure.message == "The value of a filter's option measured_I is out of its range."


@pytest.mark.parametrize(
    ("stopped", "code"),
    [
        (Stop.DEADLINE, Code.FFMPEG_TIMEOUT),
        (Stop.STALL, Code.STALLED),
        (Stop.CANCELLED, Code.CANCELLED),
    ],
)
def test_our_own_stops_are_no_faults_of_ffmpeg(stopped: Stop, code: Code) -> None:
    assert classify(outcome("[error] Invalid data", stopped=stopped), "ffmpeg").code is code


def test_a_signal_is_a_crash() -> None:
    assert classify(outcome(code=None, signal="SIGSEGV"), "ffmpeg").code is Code.FFMPEG_CRASHED


def test_a_probe_quotes_nothing() -> None:
    failure = classify_probe(outcome("[error] root:x:0:0"), "/m/a.mp4")
    assert (failure.code, "root" in str(failure)) == (Code.MEDIA_PROBE_FAILED, False)


# provoked on FFmpeg 5.1: what was run, what was said, and what it means
PROVOKED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "cases" / "ffmpeg_failures.json").read_text()
)


@pytest.mark.parametrize("case", PROVOKED, ids=[case["name"] for case in PROVOKED])
def test_every_provoked_failure_has_its_code(case: dict[str, Any]) -> None:
    words = shlex.split(case["command"])
    lines = as_tokens(case["lines"], words, is_probe=words[0] == "ffprobe")
    found = outcome(*lines, code=case["exit_code"], signal=case["signal"])
    code, message = find_cause(found)
    assert code == case["code"]
    assert code is not Code.FFMPEG_FAILED
    assert "{" not in message


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        # a side is told by FFmpeg's context, or by the token of a path
        (["[in#0 @ 0x1] [error] Error opening input: Permission denied"], Code.INPUT_ACCESS_DENIED),
        (["[error] {in:src}: Permission denied"], Code.INPUT_ACCESS_DENIED),
        (["[out#0/mp4 @ 0x1] [fatal] Error opening output {out:0}: Permission denied"], Code.OUTPUT_ACCESS_DENIED),
        (["[error] {out:0}: Permission denied"], Code.OUTPUT_ACCESS_DENIED),
        (["[error] {out:0}: No such file or directory"], Code.OUTPUT_WRITE_FAILED),
        (["[Parsed_lut3d_0 @ 0x1] [error] {work}/x.cube: No such file or directory"], Code.FILTER_FAILED),
        # noise before the cause, and fallout behind it
        (["[h264 @ 0x1] [error] error while decoding MB 3 4", "[error] av_interleaved_write_frame(): No space left on device"], Code.INSUFFICIENT_DISK_SPACE),
        (["[h264 @ 0x1] [error] no frame!", "[fc#0 @ 0x1] [error] Error applying option 'foo' to filter 'scale': Option not found"], Code.FILTER_FAILED),
        (["[aac @ 0x1] [error] Input contains (near) NaN/+-Inf", "[vost#0:0/libx264 @ 0x1] [enc:libx264 @ 0x2] [error] Error while opening encoder"], Code.ENCODING_FAILED),
        (["x264 [error]: high profile doesn't support lossless"], Code.ENCODING_FAILED),
        (["[wav @ 0x1] [error] Invalid sample rate 0"], Code.INPUT_CORRUPTED),
        (["[libopus @ 0x1] [error] Invalid channel layout"], Code.ENCODING_FAILED),
        (["[error] Output file is empty, nothing was encoded", "[error] Conversion failed!"], Code.OUTPUT_EMPTY),
    ],
)  # fmt: skip
def test_the_cause_is_told_from_its_surroundings(lines: list[str], code: Code) -> None:
    assert classify(outcome(*lines), "ffmpeg").code is code


def test_the_first_error_decides_even_where_the_tail_has_forgotten_it() -> None:
    said = outcome("[error] moov atom not found")
    assert find_cause(said)[0] is Code.INPUT_CORRUPTED


@pytest.mark.parametrize(
    ("code", "signal", "meaning"),
    [
        (228, None, Code.INSUFFICIENT_DISK_SPACE),
        (255, None, Code.FFMPEG_CRASHED),
        (127, None, Code.FFMPEG_UNAVAILABLE),
        (69, None, Code.DECODING_FAILED),
        (None, "SIGXFSZ", Code.OUTPUT_TOO_LARGE),
        (None, "SIGSEGV", Code.FFMPEG_CRASHED),
    ],
)
def test_silence_leaves_the_exit_code(code: int | None, signal: str | None, meaning: Code) -> None:
    assert find_cause(outcome(code=code, signal=signal))[0] is meaning


def test_there_are_rules_enough_and_each_can_be_reached() -> None:
    rules = [rule for rank in RANKS for rule in rank]
    assert len(rules) >= 25
    assert len({rule.pattern for rule in rules}) == len(rules)
