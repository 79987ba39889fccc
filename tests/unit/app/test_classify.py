import pytest

from app.engine.classify import classify, classify_probe
from app.engine.process import Outcome, Stop
from app.engine.progress import Progress
from operators.problem import Code


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
