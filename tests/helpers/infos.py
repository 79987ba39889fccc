"""MediaInfo values for tests that need no files."""

from fractions import Fraction
from typing import Any

from operators.media import AudioStream, MediaInfo, VideoStream


def video(
    width: int = 1280, height: int = 720, rate: str | None = "30", **other: Any
) -> VideoStream:
    frames = Fraction(rate) if rate else None
    known = {"codec": "h264", "pixel_format": "yuv420p", "bit_depth": 8, "duration_ms": 10_000}
    shown = {"display_width": width, "display_height": height}
    look = {"color_space": "bt709", "color_range": "tv"}
    given = {**known, **shown, **look, "frame_rate": frames, "nominal_frame_rate": frames, **other}
    return VideoStream(width=width, height=height, **given)


def audio(index: int = 1, **other: Any) -> AudioStream:
    known = {"codec": "aac", "sample_rate": 48000, "channels": 2, "channel_layout": "stereo"}
    return AudioStream(index=index, **{**known, "duration_ms": 10_000, **other})


def clip(
    *, sound: int = 1, picture: VideoStream | None = None, seconds: int = 10, **other: Any
) -> MediaInfo:
    """Ten seconds of 720p with one track of sound."""
    return MediaInfo(
        format="mov,mp4,m4a,3gp,3g2,mj2",
        duration_ms=seconds * 1000,
        video=(picture or video(),),
        audio=tuple(audio(n + 1) for n in range(sound)),
        tags={},
        **other,
    )


def sound_only() -> MediaInfo:
    return MediaInfo(
        format="wav", duration_ms=10_000, audio=(audio(0, codec="pcm_s16le"),), tags={}
    )
