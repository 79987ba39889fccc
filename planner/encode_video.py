"""How a picture is encoded: quality, pixel format, fields, times."""

from dataclasses import replace
from fractions import Fraction

from operators.duration import format_seconds
from operators.fields import first_field, marked
from operators.media import Kind, VideoStream
from operators.pixels import pixels_of
from operators.problem import Code
from planner.codecs import Container, Encoder
from planner.findings import Findings
from planner.pixels import prepare, tell_of_depth
from planner.spec import VideoCodec
from planner.tracks import EncodedTrack


def video_track(
    asked: VideoCodec,
    encoder: Encoder,
    container: Container,
    position: tuple[Kind, int],
    stream: VideoStream,
    findings: Findings,
    late_ms: int = 0,
) -> tuple[EncodedTrack, VideoStream]:
    """The picture as it is written; it begins `late_ms` after the file."""
    stream = _interlaced(asked, encoder, container, stream, findings)
    ready = prepare(asked, encoder, container, stream, findings)
    shallow = tell_of_depth(encoder, stream, ready.pixel_format)
    if shallow:
        findings.warn(Code.INVALID_OUTPUT, "/codec/video", shallow)
    has_alpha = pixels_of(stream.pixel_format).has_alpha
    stream, pixels = ready.stream, ready.pixel_format
    options = ["-c:v:{n}", encoder.name, *_quality(asked, encoder), *encoder.fixed]
    if pixels:
        options += ["-pix_fmt:v:{n}", pixels]
    if pixels_of(pixels).has_alpha:
        options += encoder.clear_options
    if has_alpha and encoder.codec not in ("vp8", "vp9"):
        options += ["-metadata:s:v:{n}", "alpha_mode="]  # said of theirs alone
    if asked.profile:
        options += ["-profile:v:{n}", asked.profile]
    options += _timing(encoder, container, stream, late_ms)
    if stream.is_interlaced:
        order = first_field(stream) or ""
        options += [word.replace("{order}", order) for word in encoder.field_options]
    if asked.gop:
        options += ["-g:v:{n}", str(asked.gop)]
    if tag := container.tags.get(encoder.codec):
        options += ["-tag:v:{n}", tag]
    result = _seen(
        replace(
            stream,
            codec=encoder.codec,
            pixel_format=encoder.decoded_format or pixels,
            bit_depth=pixels_of(pixels).depth if pixels else stream.bit_depth,
            profile=None,
            rotation=0,
        )
    )
    track = EncodedTrack(
        kind=Kind.VIDEO,
        picked=position,
        is_copied=False,
        filters=(*ready.filters, *marked(stream)),
        # vfr: timestamps as they are; frames are neither doubled nor dropped
        options=(*options, "-fps_mode:v:{n}", "passthrough" if encoder.is_image else "vfr"),
        encoder=encoder,
        preset=(asked.preset or "medium") if encoder.presets else "-",
        bitrate_bps=asked.bitrate,
    )
    return track, result


def _timing(encoder: Encoder, container: Container, stream: VideoStream, late_ms: int) -> list[str]:
    """The times of frames as they are, where they keep no rate or begin off its grid."""
    if not stream.is_vfr and _is_on_grid(late_ms, stream.frame_rate):
        return []
    # else times are rounded to the average rate: frames move, and some are lost
    ticks = encoder.time_base and (container.time_base or encoder.time_base)
    options = ["-enc_time_base:v:{n}", ticks] if ticks else []
    if stream.is_vfr and not container.is_image and stream.frame_rate:
        # FFmpeg tells a frame's length by the packet that it was read with, which may be another's
        most = format_seconds(1 / stream.frame_rate)
        options += ["-bsf:v:{n}", rf"setts=pts=PTS:dts=DTS:duration=min(DURATION\,ceil({most}/TB))"]
    return options


def _is_on_grid(late_ms: int, rate: Fraction | None) -> bool:
    """Whether a frame begins at a tick of its rate, to the millisecond."""
    ticks = Fraction(late_ms, 1000) * (rate or 0)
    return not rate or abs(ticks - round(ticks)) * 1000 <= rate


def _interlaced(
    asked: VideoCodec, encoder: Encoder, container: Container, stream: VideoStream, findings: Findings
) -> VideoStream:  # fmt: skip
    """The picture with its fields where the encoder keeps them apart, else as whole frames."""
    is_able = encoder.field_options and asked.profile != "baseline" and stream.height % 4 == 0
    if not stream.is_interlaced or is_able:
        return stream
    if not container.is_image:
        findings.warn(
            Code.INVALID_OUTPUT, "",
            f"the picture is interlaced, and {encoder.name} writes whole frames: put deinterlace before it",
        )  # fmt: skip
    return replace(stream, field_order=None)


def _seen(stream: VideoStream) -> VideoStream:
    shown = round(Fraction(stream.width) * stream.sar)
    return replace(stream, display_width=shown, display_height=stream.height)


def _quality(asked: VideoCodec, encoder: Encoder) -> list[str]:
    options: list[str] = []
    if asked.bitrate:
        options += ["-b:v:{n}", str(asked.bitrate)]
    elif encoder.crf_max is not None:
        crf = asked.crf if asked.crf is not None else encoder.default_crf
        options += ["-crf:v:{n}", str(crf)]
        if encoder.crf_ceiling:
            options += ["-b:v:{n}", encoder.crf_ceiling]
    elif encoder.codec == "mpeg4":
        options += ["-q:v:{n}", "3"]
    if encoder.presets:
        word = asked.preset or "medium"
        value = encoder.preset_values[word] if encoder.preset_values else word
        options += [f"{encoder.preset_option}:v:{{n}}", value]
    return options
