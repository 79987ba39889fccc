"""What a picture needs before its encoder: frame rate, tone, size and pixel format that it can take."""

from dataclasses import dataclass, replace
from fractions import Fraction

from operators.filtergraph import Filter, Rate
from operators.media import VideoStream
from operators.problem import Code
from planner.codecs import Encoder
from planner.findings import Findings
from planner.spec import VideoCodec

_TRANSPARENT = (
    "rgba",
    "bgra",
    "argb",
    "abgr",
    "yuva420p",
    "yuva444p",
    "pal8",
    "ya8",
    "rgba64be",
    "rgba64le",
)
_SUBSAMPLED = ("yuv420p", "yuvj420p", "yuva420p", "yuv420p10le", "nv12")
_HALF_WIDTH = ("yuv422p", "yuv422p10le")
_HDR = ("smpte2084", "arib-std-b67")
# linear light, the highlights rolled off, and back to what every screen shows
_TO_SDR = (
    Filter.of("zscale", transfer="linear", npl=100),
    Filter.of("format", pix_fmts="gbrpf32le"),
    Filter.of("zscale", primaries="bt709"),
    Filter.of("tonemap", tonemap="hable", desat=0),
    Filter.of("zscale", transfer="bt709", matrix="bt709", range="tv"),
)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The stream as the encoder gets it."""

    filters: tuple[Filter, ...]
    stream: VideoStream
    pixel_format: str | None


def prepare(asked: VideoCodec, encoder: Encoder, stream: VideoStream, findings: Findings) -> Ready:
    """The filters between the last operation and the encoder."""
    pixels = asked.pixel_format or _pixel_format(encoder, stream, asked.profile)
    filters: list[Filter] = []
    rate = asked.fps or _highest_rate(encoder, stream)
    if rate:
        filters.append(Filter.of("fps", fps=Rate(rate)))
        stream = replace(stream, frame_rate=rate, nominal_frame_rate=rate, is_vfr=False)
    tone, stream = _toned(asked, stream, pixels, findings)
    size, stream = _sized(encoder, stream, pixels, findings)
    return Ready(filters=(*filters, *tone, *size), stream=stream, pixel_format=pixels)


def _toned(
    asked: VideoCodec, stream: VideoStream, pixels: str | None, findings: Findings
) -> tuple[tuple[Filter, ...], VideoStream]:
    """HDR becomes SDR only when an 8-bit pixel format is asked for."""
    if stream.color_transfer not in _HDR or depth_of(pixels) in (None, 10):
        return (), stream
    if asked.pixel_format is None:
        findings.warn(
            Code.INVALID_OUTPUT,
            "",
            f'the HDR picture is written with 8 bits and its colours as they are; ask for "{pixels}" '
            "as pixel_format to have it tone-mapped",
        )
        return (), stream
    made = replace(
        stream,
        color_transfer="bt709",
        color_primaries="bt709",
        color_space="bt709",
        color_range="tv",
    )
    return (*_TO_SDR, Filter.of("format", pix_fmts=pixels)), made


def _sized(
    encoder: Encoder, stream: VideoStream, pixels: str | None, findings: Findings
) -> tuple[tuple[Filter, ...], VideoStream]:
    filters: list[Filter] = []
    if min(stream.width, stream.height) < 2 and not encoder.is_image and encoder.pixel_formats:
        size = {"w": max(2, stream.width), "h": max(2, stream.height)}
        filters.append(Filter.of("scale", **size, flags="neighbor"))
        findings.warn(
            Code.INVALID_OUTPUT,
            "",
            f"{encoder.name} needs two pixels a side: the picture is enlarged",
        )
        stream = stream.resized(size["w"], size["h"])
    is_cut = encoder.needs_even
    width = stream.width - (is_cut and pixels in _SUBSAMPLED + _HALF_WIDTH and stream.width % 2)
    height = stream.height - (is_cut and pixels in _SUBSAMPLED and stream.height % 2)
    if (width, height) != (stream.width, stream.height) and min(width, height) > 0:
        # exact=1 and an explicit corner: at most one line is lost, nothing is resampled
        filters.append(Filter.of("crop", w=width, h=height, x=0, y=0, exact=1))
        findings.warn(
            Code.INVALID_OUTPUT, "",
            f"{encoder.name} needs even sizes: {stream.width}x{stream.height} becomes {width}x{height}",
        )  # fmt: skip
        stream = replace(stream, width=width, height=height)
    return tuple(filters), stream


def _highest_rate(encoder: Encoder, stream: VideoStream) -> Fraction | None:
    """The encoder's highest frame rate where the stream has more."""
    most = encoder.max_frame_rate
    return Fraction(most) if most and (stream.frame_rate or 0) > most else None


def depth_of(pixels: str | None) -> int | None:
    """Bits of a sample, of the pixel formats that we write."""
    return None if pixels is None else 10 if "10" in pixels else 8


def _pixel_format(encoder: Encoder, stream: VideoStream, profile: str | None) -> str | None:
    """The source's depth where the encoder has it; 4:2:0 because players expect it."""
    if not encoder.pixel_formats:
        return None
    clear = stream.pixel_format in _TRANSPARENT and encoder.clear_format
    if clear:
        return clear
    if encoder.is_image:
        return encoder.pixel_formats[0]
    deep = (stream.bit_depth or 8) > 8
    if encoder.full_format and stream.is_full_range and not deep:
        return encoder.full_format
    wanted = "yuv420p10le" if deep else "yuv420p"
    able = encoder.formats_of(profile)
    return wanted if wanted in able else able[0]
