"""Outputs that are pictures: how many files, and what probing one will show."""

from dataclasses import replace

from operators.media import MediaInfo, VideoStream
from operators.problem import Code
from planner.codecs import CONTAINERS, Container
from planner.findings import Findings


def check_pictures(source: MediaInfo, container: Container, findings: Findings) -> None:
    """Stills go into picture files, and moving pictures into the others."""
    if not source.video or findings.problems or not container.video:
        return
    count = source.video[0].frame_count
    images = [c.name for c in CONTAINERS if c.is_image]
    if container.is_image:
        if source.format in images and source.format != container.name:
            findings.fail(
                Code.INVALID_OUTPUT, "/destination",
                f"the pictures are to be {source.format}, but the file is {container.name}",
                f"Name the file .{source.format}, or leave the operation's format out.",
            )  # fmt: skip
        if count is None and container.name == "webp":
            findings.fail(
                Code.INVALID_OUTPUT, "/destination", "webp holds one picture here, no moving one",
                "Take one with thumbnail, or write the film to gif, mp4 or webm.",
            )  # fmt: skip
        elif count is None:
            findings.warn(Code.INVALID_OUTPUT, "", "only the first frame of the video is written")
    elif count is not None:
        findings.fail(
            Code.INVALID_OUTPUT, "/destination",
            f"{container.name} cannot hold a picture without a length",
            f"Set \"duration\" on the input, or write it to {', '.join(images)}.",
        )  # fmt: skip


def image_options(images: int | None) -> tuple[str, ...]:
    if images is None:
        return ()
    one = ("-update", "1") if images == 1 else ()
    return ("-frames:v", str(images), *one)


def pictures(container: Container, video: VideoStream, images: int) -> MediaInfo:
    still = replace(
        video, index=0, bitrate_bps=None, frame_count=images, duration_ms=None, start_ms=0,
        frame_rate=None, nominal_frame_rate=None,
    )  # fmt: skip
    return MediaInfo(format=container.name, video=(still,), tags={})
