"""What a picture needs before its encoder: frame rate, size, pixel format and colours that it can take."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from operators.colorimetry import (
    as_sdr,
    converted,
    flattened,
    in_rgb,
    in_yuv,
    is_hdr,
    narrowed,
    needs_narrowing,
)
from operators.filtergraph import Filter, Rate
from operators.media import VideoStream
from operators.pixels import lossless, pixels_of
from operators.problem import Code
from planner.codecs import Container, Encoder
from planner.findings import Findings
from planner.spec import VideoCodec


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The stream as the encoder gets it."""

    filters: tuple[Filter, ...]
    stream: VideoStream
    pixel_format: str | None


def prepare(
    asked: VideoCodec, encoder: Encoder, container: Container, stream: VideoStream, findings: Findings
) -> Ready:  # fmt: skip
    """The filters between the last operation and the encoder."""
    able = [
        name
        for name in encoder.formats_of(asked.profile)
        if not (container.is_opaque and pixels_of(name).has_alpha)
    ]
    pixels = asked.pixel_format or _pixel_format(encoder, stream, able)
    filters: list[Filter] = []
    rate = asked.fps or _highest_rate(encoder, stream)
    if rate:
        filters.append(Filter.of("fps", fps=Rate(rate)))
        stream = replace(stream, frame_rate=rate, nominal_frame_rate=rate, is_vfr=False)
    look, stream = _coloured(asked, encoder, container, stream, pixels, findings)
    size, stream = _sized(encoder, stream, pixels, findings)
    return Ready(filters=(*filters, *look, *size), stream=stream, pixel_format=pixels)


def _coloured(
    asked: VideoCodec,
    encoder: Encoder,
    container: Container,
    stream: VideoStream,
    pixels: str | None,
    findings: Findings,
) -> tuple[tuple[Filter, ...], VideoStream]:
    """The samples that the encoder takes, showing the same colours."""
    if pixels is None:  # whatever there is, but for luma of 8 bits from end to end
        kept = narrowed(stream) if needs_narrowing(stream) else stream
        return converted(stream, kept), kept
    ground: tuple[Filter, ...] = ()
    has_alpha = pixels_of(stream.pixel_format).has_alpha
    if has_alpha and not (pixels_of(pixels).has_alpha or encoder.is_paletted):
        ground, stream = flattened(stream)
        findings.warn(
            Code.INVALID_OUTPUT, "",
            f"{container.name} holds no transparency of {encoder.codec}: what is transparent becomes black",
        )  # fmt: skip
    if encoder.is_paletted:
        pixels = "bgra" if has_alpha else "rgb24"
    to = _goal(encoder, stream, pixels)
    if is_hdr(stream) and pixels_of(pixels).depth == 8:
        if asked.pixel_format or encoder.is_image or encoder.is_paletted:
            to = _goal(encoder, as_sdr(stream), pixels)
        else:
            findings.warn(
                Code.INVALID_OUTPUT,
                "",
                f'the HDR picture is written with 8 bits and its colours as they are; ask for "{pixels}" '
                "as pixel_format to have it tone-mapped",
            )
    look = converted(stream, to)
    # what only the pixel format says is done by -pix_fmt
    return (*ground, *(look if [f.name for f in look] != ["format"] else ())), to


def _goal(encoder: Encoder, stream: VideoStream, pixels: str) -> VideoStream:
    """The picture in a pixel format of the encoder's."""
    if pixels_of(pixels).is_rgb:
        return in_rgb(stream, pixels)
    made = in_yuv(stream, pixels)
    if encoder.matrix:
        made = replace(made, color_space=encoder.matrix)
    if pixels_of(pixels).is_full:
        return replace(made, color_range="pc")
    is_kept = encoder.keeps_range and pixels_of(pixels).depth > 8
    return made if is_kept else narrowed(made)


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
    chroma = pixels_of(pixels).chroma if pixels and encoder.needs_even else ""
    width = stream.width - (chroma in ("420", "422") and stream.width % 2)
    height = stream.height - (chroma == "420" and stream.height % 2)
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


def tell_of_depth(encoder: Encoder, stream: VideoStream, pixels: str | None) -> str | None:
    """What is said where an encoder keeps less of a sample than there is."""
    has, keeps = stream.bit_depth or 8, pixels_of(pixels).depth
    is_small = encoder.is_image or encoder.is_paletted
    if pixels is None or has <= keeps or is_small or is_hdr(stream):
        return None
    return f"the picture has {has} bits a sample; {encoder.name} keeps {keeps}"


def _pixel_format(encoder: Encoder, stream: VideoStream, able: Sequence[str]) -> str | None:
    """What keeps most of the source: transparency, then depth; 4:2:0 because players expect it."""
    if not able:
        return lossless(stream.pixel_format)
    ours = pixels_of(stream.pixel_format)
    depth = max(ours.depth, stream.bit_depth or 8)
    if encoder.full_format and stream.is_full_range and depth == 8:
        return encoder.full_format

    def loss(name: str) -> tuple[bool, bool, int, int]:
        theirs = pixels_of(name)
        lost, gained = max(0, depth - theirs.depth), max(0, theirs.depth - depth)
        is_clear, may_be_clear = theirs.has_alpha, ours.has_alpha
        return is_clear and not may_be_clear, may_be_clear and not is_clear, lost, gained

    return min(able, key=loss)
