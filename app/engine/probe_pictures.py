"""What ffprobe's headers do not tell of pictures: sizes, pixel formats, which field comes first."""

import os
from dataclasses import replace

from app.engine import ffprobe, png, process
from app.engine.classify import unreadable
from app.engine.sandbox import Reach
from app.engine.tools import Tools
from app.errors import Failure
from operators.media import MediaInfo, Picture, VideoStream
from operators.pixels import pixels_of
from planner import safety

_MAYBE_INTERLACED = ("mpeg4", "mpeg2video", "dvvideo", "h264", "ffv1", "prores", "dnxhd", "vc1")


def with_pictures(info: MediaInfo, path: str, tools: Tools) -> MediaInfo:
    """The same with what is missing of its pictures. Raises: Failure."""
    info = _with_pixels(_with_sizes(info, path, tools), path)
    if any(_may_be_interlaced(video) for video in info.video[:1]):
        return _with_fields(info, path, tools)
    return info


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


def _may_be_interlaced(video: VideoStream) -> bool:
    if not video.is_decodable:
        return False
    is_open = video.field_order in (None, "unknown") and video.codec in _MAYBE_INTERLACED
    return video.is_interlaced or is_open


def _with_fields(info: MediaInfo, path: str, tools: Tools) -> MediaInfo:
    """Which field of the first picture comes first: its frames know better than its header."""
    try:
        found = ffprobe.first_frames(path, tools, "v:0", "interlaced_frame,top_field_first")
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
        timeout_s=ffprobe.TIMEOUT_S,
        capture=True,
        bounds=ffprobe.BOUNDS,
        reach=Reach(readable=[path]),
    )
    for line in outcome.stdout.decode("ascii", "replace").splitlines():
        if line.startswith("#dimensions"):
            width, _, height = line.rpartition(" ")[2].partition("x")
            if int(width) and int(height):
                return int(width), int(height)
    raise unreadable(outcome, "The size of the picture cannot be read.")
