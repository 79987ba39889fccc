"""Probing: a local file in, MediaInfo out; a failure says why.

Reading ffprobe's JSON is in `app.engine.ffprobe_json`; here are the runs of the binaries.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from app.engine import content, frame_rate, png, process
from app.engine.charset import encoding_of
from app.engine.classify import classify_probe, unreadable
from app.engine.encryption import is_encrypted
from app.engine.ffprobe_json import PacketEnds, media_info
from app.engine.outcome import Outcome
from app.engine.sandbox import Reach
from app.engine.tools import Tools
from app.errors import Failure
from operators.media import AudioStream, MediaInfo, Picture, VideoStream
from operators.pixels import pixels_of
from operators.problem import Code
from planner import safety

_TIMEOUT_S = 60
_SCAN_TIMEOUT_S = 600
_SCRIPTS = (b"#EXTM3U", b"ffconcat version", b"v=0\r\n", b"v=0\n")  # playlists, lists, SDP
_TEXTS = ("srt", "ass", "webvtt")
_MOST_TEXT_BYTES = 16 << 20
_MAYBE_INTERLACED = ("mpeg4", "mpeg2video", "dvvideo", "h264", "ffv1", "prores", "dnxhd", "vc1")
_LATE = ("wmav1", "wmav2")
"""Codecs whose first packets give no sound."""
_IMPLAUSIBLE_BPS = 2_000  # less than any real programme: the header lies about the duration

Lines = Callable[[bytes], object]


def probe(path: str, tools: Tools, is_partial: bool = False) -> MediaInfo:
    """What a file holds. `is_partial`: most of it is a hole, so what only reading all of it would
    tell fails. Raises: Failure (MEDIA_PROBE_FAILED and its more precise kin)."""
    _check(path)
    try:
        document = _ffprobe(path, tools)
    except Failure as failure:
        raise content.explained(failure, path) from failure
    info = media_info(document, os.path.getsize(path))
    if not (info.video or info.audio or info.subtitles):
        raise Failure(
            code=Code.MEDIA_PROBE_FAILED, message="The file holds no picture and no sound."
        )
    if info.format in _TEXTS:
        return replace(info, guessed_encoding=_guessed_encoding(path))
    info = _with_pixels(_with_sizes(info, path, tools), path)
    if any(_may_be_interlaced(video) for video in info.video[:1]):
        info = _with_fields(info, path, tools)
    if any(name in (info.format or "") for name in frame_rate.TOLD_ONLY):
        info = _with_counted_rate(info, path, tools, is_partial)
    if info.duration_is_exact and not _is_dubious(info):
        return info
    if is_partial:
        raise Failure(code=Code.MEDIA_PROBE_FAILED, message="The file must be read to its end.")
    try:
        return _with_late_sound(_with_true_duration(info, path, tools), path, tools)
    except Failure:
        if _is_dubious(info):
            raise
        return info  # damaged behind its beginning: what it tells of itself is all there is


def _check(path: str) -> None:
    """Refuse what FFmpeg is not shown. Raises: Failure."""
    if os.path.getsize(path) == 0:
        raise Failure(code=Code.INPUT_CORRUPTED, message="The file is empty.")
    if _is_script(path):
        raise Failure(code=Code.FORMAT_BLOCKED)
    if is_encrypted(path):
        raise Failure(code=Code.INPUT_ENCRYPTED)


def _guessed_encoding(path: str) -> str | None:
    """In what a text is written, unless it says so itself."""
    with open(path, "rb") as file:
        name, is_sure = encoding_of(file.read(_MOST_TEXT_BYTES))
    return None if is_sure else name


def _is_script(path: str) -> bool:
    """A text that would make FFmpeg open other files, whatever its name. Some FFmpegs refuse it
    without saying why."""
    with open(path, "rb") as file:
        begin = file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
    return begin.startswith(_SCRIPTS) or (begin.startswith(b"<") and b"<MPD" in begin)


def _ffprobe(path: str, tools: Tools) -> dict[str, object]:
    shown = (
        "-show_format",
        "-show_streams",
        "-show_chapters",
        "-show_data_hash",
        "md5",
        "-of",
        "json",
    )
    outcome = _run(path, tools, *shown, timeout_s=_TIMEOUT_S)
    try:
        found = json.loads(outcome.stdout or b"{}")
    except ValueError as error:
        raise Failure(code=Code.MEDIA_PROBE_FAILED) from error
    return found if isinstance(found, dict) else {}


def packets(
    path: str,
    tools: Tools,
    entries: str,
    take: Lines,
    *where: str,
    timeout_s: float = _SCAN_TIMEOUT_S,
) -> None:
    """Give each packet's line of ffprobe, its `entries` with commas between, to `take`; nothing is
    decoded. Raises: Failure."""
    shown = ("-show_entries", f"packet={entries}", "-of", "csv=p=0", *where)
    _run(path, tools, *shown, timeout_s=timeout_s, lines=take)


def _first_frames(path: str, tools: Tools, stream: str, entries: str) -> list[list[str]]:
    """`entries` of the first frames that are decoded of a stream (`v:0`, or its index). Raises:
    Failure."""
    found: list[list[str]] = []
    shown = (
        "-select_streams",
        stream,
        "-read_intervals",
        "%+#8",
        "-show_entries",
        f"frame={entries}",
    )

    def take(line: bytes) -> None:
        found.append(line.decode("ascii", "replace").rstrip().split(","))

    _run(path, tools, *shown, "-of", "csv=p=0", timeout_s=_TIMEOUT_S, lines=take)
    return found


def packet_places(
    path: str, tools: Tools, spans: Sequence[tuple[float, float]]
) -> list[tuple[int, int]]:
    """Where the packets of some stretches of time (seconds, from and to) lie in a file: from which
    byte to which. Each begins at the keyframe before. Raises: Failure."""
    found: list[tuple[int, int]] = []

    def take(line: bytes) -> None:
        size, _, position = line.decode("ascii", "replace").strip().partition(",")
        if size.isdigit() and position.isdigit():
            found.append((int(position), int(position) + int(size)))

    wanted = ",".join(f"{start:.3f}%{end:.3f}" for start, end in spans)
    packets(path, tools, "size,pos", take, "-read_intervals", wanted)
    return found


def _run(
    path: str,
    tools: Tools,
    *what: str,
    timeout_s: float,
    lines: Lines | None = None,
) -> Outcome:
    """ffprobe on a file. Raises: Failure."""
    guarded = ("-hide_banner", "-loglevel", "repeat+level+error", *safety.UPLOADED_INPUT)
    outcome = process.run(
        [tools.ffprobe, *guarded, *_forced(path), *what, f"file:{path}"],
        cwd=os.path.dirname(path),
        timeout_s=timeout_s,
        capture=lines is None,
        lines=lines,
        reach=Reach(readable=[path]),
    )
    if not outcome.is_success:
        raise classify_probe(outcome, path)
    return outcome


def _forced(path: str) -> tuple[str, ...]:
    """JPEG is named outright: left alone, FFmpeg takes it for an image sequence, which is refused."""
    with open(path, "rb") as file:
        return ("-f", "jpeg_pipe") if file.read(3) == b"\xff\xd8\xff" else ()


def _is_dubious(info: MediaInfo) -> bool:
    is_still = not info.audio and (info.format or "").endswith("_pipe")
    if is_still or not (info.video or info.audio):
        return False
    if not info.duration_ms:
        return True
    return (info.size_bytes or 0) * 8000 / info.duration_ms < _IMPLAUSIBLE_BPS


def _with_true_duration(info: MediaInfo, path: str, tools: Tools) -> MediaInfo:
    """Read all packets (no decoding) to learn how long the streams really are."""
    ends = PacketEnds()
    packets(path, tools, "stream_index,pts_time,duration_time", ends.feed)
    starts, lengths = ends.starts(info), ends.lengths(info)
    if not lengths:
        return replace(info, duration_is_exact=False)
    # what is shown before the first packet's picture may be decoded or not
    is_whole = all(starts[video.index] == video.start_ms for video in info.video)
    return replace(
        info,
        duration_ms=_from_first_to_last(starts, lengths),
        duration_is_exact=ends.is_continuous and is_whole,
        video=tuple(
            replace(v, duration_ms=lengths.get(v.index), start_ms=starts[v.index])
            for v in info.video
        ),
        audio=tuple(replace(a, duration_ms=lengths.get(a.index)) for a in info.audio),
    )


def _from_first_to_last(starts: Mapping[int, int], lengths: Mapping[int, int]) -> int:
    """How long all streams take together, in ms."""
    ends = [starts[n] + length for n, length in lengths.items()]
    return max(ends) - min(starts[n] for n in lengths)


def _with_late_sound(info: MediaInfo, path: str, tools: Tools) -> MediaInfo:
    """Sound whose decoder begins later than the first packet, and ends as much later than the last."""

    def heard(track: AudioStream) -> AudioStream:
        if track.codec not in _LATE or track.duration_ms is None:
            return track
        frames = _first_frames(path, tools, str(track.index), "pts_time,nb_samples")
        try:
            late_ms = round(float(frames[0][0]) * 1000) - track.start_ms
            frame_ms = round(float(frames[0][1]) * 1000 / track.sample_rate)
        except (IndexError, ValueError):
            return track
        if late_ms <= 0:
            return track
        length = track.duration_ms - late_ms + frame_ms
        return replace(track, start_ms=track.start_ms + late_ms, duration_ms=length)

    audio = tuple(map(heard, info.audio))
    streams = [s for s in (*info.video, *audio) if s.duration_ms is not None]
    ends = max((s.start_ms + (s.duration_ms or 0) for s in streams), default=0)
    return replace(info, audio=audio, duration_ms=max(info.duration_ms or 0, ends - info.start_ms))


def _with_sizes(info: MediaInfo, path: str, tools: Tools) -> MediaInfo:
    """Ask FFmpeg for sizes that ffprobe could not tell (one without zlib sees PNG as 0x0)."""

    def sized(stream: VideoStream) -> VideoStream:
        if stream.width:
            return stream
        width, height = _ask_size(path, stream.index, tools)
        return replace(stream.resized(width, height), sar=stream.sar)

    def sized_picture(picture: Picture) -> Picture:
        if picture.width:
            return picture
        width, height = _ask_size(path, picture.index, tools)
        return replace(picture, width=width, height=height)

    return replace(
        info,
        video=tuple(map(sized, info.video)),
        attached_pictures=tuple(map(sized_picture, info.attached_pictures)),
    )


def _with_pixels(info: MediaInfo, path: str) -> MediaInfo:
    """Pixel formats that the same ffprobe could not tell."""

    def known(stream: VideoStream) -> VideoStream:
        if stream.pixel_format or stream.codec != "png":
            return stream
        name = png.pixel_format(path) or "rgba"
        return replace(stream, pixel_format=name, bit_depth=pixels_of(name).depth)

    return replace(info, video=tuple(map(known, info.video)))


def _with_counted_rate(info: MediaInfo, path: str, tools: Tools, is_partial: bool) -> MediaInfo:
    """The rate at which frames of the first picture come, where the file only tells one."""
    if not info.video or not info.video[0].frame_rate:
        return info
    times: list[float] = []

    def take(line: bytes) -> None:
        with suppress(ValueError):
            times.append(float(line.decode("ascii", "replace").strip().rstrip(",")))

    where = frame_rate.stretches(info.duration_ms, is_partial)
    with suppress(Failure):
        shown = ("-select_streams", "v:0", "-read_intervals", where)
        packets(path, tools, "pts_time", take, *shown, timeout_s=_TIMEOUT_S)
    video = info.video[0]
    found = frame_rate.average(times, video.frame_rate or Fraction(1), info.duration_ms)
    return info.with_video(replace(video, frame_rate=found, is_vfr=True)) if found else info


def _may_be_interlaced(video: VideoStream) -> bool:
    is_open = video.field_order in (None, "unknown") and video.codec in _MAYBE_INTERLACED
    return video.is_interlaced or is_open


def _with_fields(info: MediaInfo, path: str, tools: Tools) -> MediaInfo:
    """Which field of the first picture comes first: its frames know better than its header."""
    try:
        found = _first_frames(path, tools, "v:0", "interlaced_frame,top_field_first")
    except Failure:
        return info
    orders = {"1,1": "tt", "1,0": "bb"}
    known = [
        orders.get(",".join(said[:2]), "progressive") for said in found if said[0] in ("0", "1")
    ]
    if not known:
        return info
    order = next((one for one in known if one != "progressive"), "progressive")
    return info.with_video(replace(info.video[0], field_order=order))


def _ask_size(path: str, index: int, tools: Tools) -> tuple[int, int]:
    outcome = process.run(
        [
            tools.ffmpeg,
            "-hide_banner",
            "-nostdin",
            "-loglevel",
            "repeat+level+error",
            *safety.UPLOADED_INPUT,
            "-i",
            f"file:{path}",
            "-map",
            f"0:{index}",
            "-c",
            "copy",
            "-frames:v",
            "1",
            "-f",
            "framecrc",
            "-",
        ],
        cwd=os.path.dirname(path),
        timeout_s=_TIMEOUT_S,
        capture=True,
        reach=Reach(readable=[path]),
    )
    for line in outcome.stdout.decode("ascii", "replace").splitlines():
        if line.startswith("#dimensions"):
            width, _, height = line.rpartition(" ")[2].partition("x")
            if int(width) and int(height):
                return int(width), int(height)
    raise unreadable(outcome, "The size of the picture cannot be read.")
