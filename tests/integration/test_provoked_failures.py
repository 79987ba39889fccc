"""Failures provoked live on the FFmpeg at hand mean the same on FFmpeg 5 and on FFmpeg 9."""

import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.engine import probe, process
from app.engine.classify import find_cause
from app.engine.outcome import Bounds, Outcome
from app.engine.tools import Tools
from app.errors import Failure
from operators.problem import Code
from planner import safety
from tests.helpers.media import Media
from tests.helpers.pace import scaled
from tests.helpers.tokens import as_tokens
from tests.helpers.web import web_server

pytestmark = pytest.mark.xdist_group("provoked")  # they share what is rendered
C = Code
UNBOUNDED = Bounds()
X264 = ("-c:v", "libx264", "-preset", "ultrafast")


@pytest.fixture(scope="module")
def folder(media: Media, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands below name."""
    made = tmp_path_factory.mktemp("provoked")
    shutil.copy(media.clip("provoked.mp4", seconds=2), made / "in.mp4")
    media.ffmpeg("-i", str(made / "in.mp4"), "-an", "-c", "copy", str(made / "vonly.mp4"))
    media.ffmpeg("-i", str(made / "in.mp4"), "-vn", str(made / "a.wav"))
    media.ffmpeg("-i", str(made / "in.mp4"), "-vf", "scale=160:120", "-an", str(made / "small.mp4"))
    media.ffmpeg(
        "-i", str(made / "in.mp4"), "-an", "-c:v", "libvpx", "-t", "0.5", str(made / "v.webm")
    )
    (made / "text.mp4").write_text("no media at all\n" * 100)
    (made / "zero.mp4").touch()
    whole = (made / "in.mp4").read_bytes()
    (made / "half.mp4").write_bytes(whole[: len(whole) // 2])
    (made / "list.mp4").write_text("ffconcat version 1.0\nfile in.mp4\n")
    (made / "playlist.mp4").write_text("#EXTM3U\n#EXTINF:5,\nin.mp4\n#EXT-X-ENDLIST\n")
    (made / "dash.mp4").write_text('<?xml version="1.0"?>\n<MPD><BaseURL>in.mp4</BaseURL></MPD>')
    (made / "session.mp4").write_text("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n")
    (made / "bad.srt").write_bytes(b"\x00\x01\x02" * 50)
    (made / "dir").mkdir()
    return made


def run(
    words: Sequence[str], binaries: Tools, folder: Path, bounds: Bounds = UNBOUNDED
) -> tuple[Code, str]:
    """The cause of a command's failure; `words` follow FFmpeg's name."""
    flags = ("-hide_banner", "-nostdin", "-loglevel", "repeat+level+warning", "-y")
    outcome = process.run(
        [binaries.ffmpeg, *flags, *words], cwd=str(folder), timeout_s=scaled(60), bounds=bounds
    )
    assert not outcome.is_success, "it did not fail"
    lines, tail = (as_tokens(said, words) for said in (outcome.errors, outcome.stderr_tail))
    return find_cause(replace(outcome, errors=lines, stderr_tail=tail))


IN = ("-i", "in.mp4")
NULL = ("-f", "null", "-")
CASES: tuple[tuple[str, tuple[str, ...], Code], ...] = (
    # input
    ("missing file", ("-i", "nope.mp4", *NULL), C.INPUT_NOT_FOUND),
    ("a folder", ("-i", "dir", *NULL), C.INVALID_INPUT),
    ("text as mp4", ("-i", "text.mp4", *NULL), C.INPUT_CORRUPTED),
    ("empty file", ("-i", "zero.mp4", *NULL), C.INPUT_CORRUPTED),
    ("cut off, index at the end", ("-i", "half.mp4", *NULL), C.INPUT_CORRUPTED),
    ("concat list named mp4", (*safety.UPLOADED_INPUT, "-i", "list.mp4", *NULL), C.FORMAT_BLOCKED),
    ("protocol", ("-protocol_whitelist", "file", "-i", "http://127.0.0.1:9/x.mp4", *NULL), C.PROTOCOL_BLOCKED),
    ("unknown protocol", ("-i", "foo://bar.mp4", *NULL), C.PROTOCOL_BLOCKED),
    ("nobody listens", ("-i", "http://127.0.0.1:9/x.mp4", *NULL), C.INPUT_DOWNLOAD_FAILED),
    ("unknown host", ("-i", "http://no-such-host.invalid/x.mp4", *NULL), C.INPUT_DOWNLOAD_FAILED),
    ("decoder not allowed", ("-codec_whitelist", "vp9", "-i", "in.mp4", *NULL), C.UNSUPPORTED_CODEC),
    ("too many pixels", ("-max_pixels", "1000", "-i", "in.mp4", *NULL), C.RESOLUTION_TOO_HIGH),
    ("unknown demuxer", ("-f", "nosuch", "-i", "in.mp4", *NULL), C.UNSUPPORTED_FORMAT),
    ("unknown decoder", ("-c:v", "nosuch", "-i", "in.mp4", *NULL), C.UNSUPPORTED_CODEC),
    # filters
    ("unknown filter", (*IN, "-vf", "nosuch", "o.mp4"), C.FILTER_FAILED),
    ("unknown filter option", (*IN, "-vf", "scale=foo=1", "o.mp4"), C.FILTER_FAILED),
    ("pad too small", (*IN, "-vf", "pad=10:10", "o.mp4"), C.FILTER_FAILED),
    ("crop too large", (*IN, "-vf", "crop=4000:4000", "o.mp4"), C.FILTER_FAILED),
    ("bad expression", (*IN, "-vf", "scale=w=iw*/2:h=1", "o.mp4"), C.FILTER_FAILED),
    ("subtitles missing", (*IN, "-vf", "subtitles=nope.srt", "o.mp4"), C.FILTER_FAILED),
    ("lut missing", (*IN, "-vf", "lut3d=nope.cube", "o.mp4"), C.FILTER_FAILED),
    ("unconnected output", (*IN, "-filter_complex", "[0:v]split[a][b]", "-map", "[a]", "o.mp4"), C.FILTER_FAILED),
    ("unclosed label", (*IN, "-filter_complex", "[0:v]null[v", "-map", "[v]", "o.mp4"), C.FILTER_FAILED),
    ("sizes differ", (*IN, "-i", "small.mp4", "-filter_complex", "[0:v][1:v]concat=n=2:v=1[v]", "-map", "[v]", "o.mp4"), C.FILTER_FAILED),
    # streams
    ("no such stream", ("-i", "vonly.mp4", "-map", "0:a", "o.m4a"), C.STREAM_NOT_FOUND),
    ("no such input", (*IN, "-map", "3:v", "o.mp4"), C.STREAM_NOT_FOUND),
    ("no such label", (*IN, "-filter_complex", "[0:v]null[a]", "-map", "[a]", "-map", "[zzz]", "o.mp4"), C.STREAM_NOT_FOUND),
    # encoders and containers
    ("unknown encoder", (*IN, "-c:v", "libx266", "o.mp4"), C.UNSUPPORTED_CODEC),
    ("decoder as encoder", (*IN, "-c:v", "libdav1d", "o.mp4"), C.UNSUPPORTED_CODEC),
    ("experimental encoder", ("-i", "a.wav", "-c:a", "opus", "o.ogg"), C.UNSUPPORTED_CODEC),
    ("odd size", (*IN, "-vf", "scale=161:121", *X264, "-pix_fmt", "yuv420p", "o.mp4"), C.ENCODING_FAILED),
    ("unknown preset", (*IN, "-c:v", "libx264", "-preset", "warp", "o.mp4"), C.ENCODING_FAILED),
    ("profile", (*IN, *X264, "-pix_fmt", "yuv444p", "-profile:v", "high", "o.mp4"), C.ENCODING_FAILED),
    ("sample rate", ("-i", "a.wav", "-ar", "96000", "-c:a", "libmp3lame", "o.mp3"), C.ENCODING_FAILED),
    ("bitrate of one", ("-i", "a.wav", "-c:a", "aac", "-b:a", "1", "o.m4a"), C.ENCODING_FAILED),
    ("vp8 in mp4", ("-i", "v.webm", "-c", "copy", "o.mp4"), C.CODEC_NOT_IN_CONTAINER),
    ("h264 in webm", (*IN, "-c", "copy", "o.webm"), C.CODEC_NOT_IN_CONTAINER),
    # output
    ("unknown container", (*IN, "o.xyz"), C.INVALID_OUTPUT),
    ("unknown container by name", (*IN, "-f", "nosuch", "o.mp4"), C.INVALID_OUTPUT),
    ("output is a folder", (*IN, "-c", "copy", "-f", "mp4", "dir"), C.OUTPUT_WRITE_FAILED),
    ("output folder missing", (*IN, "-c", "copy", "none/o.mp4"), C.OUTPUT_WRITE_FAILED),
    ("output is the input", (*IN, "-c", "copy", "in.mp4"), C.INVALID_OUTPUT),
    ("empty output", ("-abort_on", "empty_output", *IN, "-an", "-vf", "select=0", *X264, "o.mp4"), C.OUTPUT_EMPTY),
    # our own command
    ("unknown option", (*IN, "-nosuchoption", "1", "o.mp4"), C.INVALID_COMMAND),
    ("unknown pixel format", (*IN, *X264, "-pix_fmt", "yuv999", "o.mp4"), C.INVALID_COMMAND),
    ("copy with a filter", (*IN, "-vf", "scale=100:100", "-c:v", "copy", "o.mp4"), C.INVALID_COMMAND),
    ("bitstream filter", (*IN, "-c", "copy", "-bsf:v", "nosuch", "o.mp4"), C.INVALID_COMMAND),
)  # fmt: skip


@pytest.mark.parametrize(("words", "code"), [pytest.param(w, c, id=n) for n, w, c in CASES])
def test_a_provoked_failure_has_its_code(
    words: tuple[str, ...], code: Code, binaries: Tools, folder: Path
) -> None:
    found, message = run(words, binaries, folder)
    assert found is code, message
    assert message.endswith(".")


def test_a_full_disk_is_the_disks_fault(binaries: Tools, folder: Path, tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    found, _ = run((*IN, *X264, "-f", "mpegts", "/dev/full"), binaries, folder)
    assert found is Code.INSUFFICIENT_DISK_SPACE


def test_a_file_that_grows_too_large(binaries: Tools, folder: Path) -> None:
    words = (*IN, "-c:v", "rawvideo", "-f", "avi", "large.avi")
    found, _ = run(words, binaries, folder, Bounds(file_bytes=100_000))
    assert found is Code.OUTPUT_TOO_LARGE


def test_memory_beyond_the_limit(binaries: Tools, folder: Path) -> None:
    words = ("-f", "lavfi", "-i", "testsrc2=s=1920x1080:d=20", "-vf", "reverse", *NULL)
    found, _ = run(words, binaries, folder, Bounds(memory_bytes=100_000_000))
    assert found is Code.INSUFFICIENT_MEMORY


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_ended_from_outside(number: signal.Signals, binaries: Tools, folder: Path) -> None:
    outcome = _ended_by(number, binaries, folder)
    assert find_cause(outcome)[0] is Code.FFMPEG_CRASHED


def _ended_by(number: signal.Signals, binaries: Tools, folder: Path) -> Outcome:
    words = [
        "-hide_banner",
        "-nostdin",
        "-loglevel",
        "repeat+level+warning",
        "-f",
        "lavfi",
        "-i",
        "color",
        *NULL,
    ]
    command = f'"$0" "$@" & sleep 0.5; kill -{number.value} $!; wait $!'
    # the shell passes the exit code on, a signal as 128 + its number: told apart as the kernel would
    outcome = process.run(
        ["sh", "-c", command, binaries.ffmpeg, *words], cwd=str(folder), timeout_s=scaled(20)
    )
    code = outcome.exit_code or 0
    if 128 < code < 160:
        return Outcome(
            exit_code=None, signal=signal.Signals(code - 128).name, stopped=None,
            stderr_tail=outcome.stderr_tail, errors=outcome.errors, stdout=b"",
            progress=outcome.progress, wall_s=0,
        )  # fmt: skip
    return outcome


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("text.mp4", Code.INPUT_CORRUPTED),
        ("half.mp4", Code.INPUT_CORRUPTED),
        ("playlist.mp4", Code.FORMAT_BLOCKED),
        ("list.mp4", Code.FORMAT_BLOCKED),
        ("dash.mp4", Code.FORMAT_BLOCKED),
        ("session.mp4", Code.FORMAT_BLOCKED),
    ],
)
def test_ffprobe_says_the_same(name: str, code: Code, binaries: Tools, folder: Path) -> None:
    with pytest.raises(Failure) as caught:
        probe.probe(str(folder / name), binaries)
    assert caught.value.code is code


@pytest.mark.parametrize(
    "guarded",
    [safety.UPLOADED_INPUT, safety.JOINED_INPUT, safety.INTERMEDIATE_INPUT],
    ids=("uploaded", "joined", "intermediate"),
)
def test_inputs_of_every_kind_are_local_files(
    guarded: tuple[str, ...], folder: Path, binaries: Tools
) -> None:
    """Whatever a file refers to: no host is asked, and no other protocol is opened."""
    with web_server() as web:
        url = web.put("/x.mp4", (folder / "in.mp4").read_bytes())
        elsewhere = (
            url, "tcp://127.0.0.1:9", "data:video/mp4;base64,AAAA", "pipe:0", "concat:in.mp4|in.mp4",
            "subfile,,start,0,end,9,,:in.mp4", "crypto:in.mp4", "async:in.mp4", "cache:in.mp4",
        )  # fmt: skip
        for name in elsewhere:
            code, _ = run((*guarded, "-i", name, *NULL), binaries, folder)
            assert code is C.PROTOCOL_BLOCKED, name
        assert web.asked == []
