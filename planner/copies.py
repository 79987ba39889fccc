"""Which streams of a file are copied into an output: those that the container holds as they are."""

from operators.media import AudioStream, Kind, MediaInfo, VideoStream
from operators.pixels import pixels_of
from operators.problem import Code
from planner.codecs import Container
from planner.findings import Findings
from planner.spec import OutputSpec

COPY = "copy"


def is_copyable(
    given: OutputSpec,
    container: Container,
    kind: Kind,
    stored: VideoStream | AudioStream | None,
    findings: Findings,
) -> bool:
    asked = given.codec.of(kind)
    is_asked = asked == COPY
    if asked is not None and not is_asked:
        return False
    if stored is None:
        if is_asked:
            findings.fail(
                Code.INVALID_OUTPUT, f"/codec/{kind}", f"the {kind} is changed by an operation, so it cannot be copied",
                "Leave codec out, or take the operation out.",
            )  # fmt: skip
        return False
    if stored.codec not in container.codecs(kind):
        obstacle = f"{container.name} cannot hold {stored.codec}"
        code, advice = Code.CODEC_NOT_IN_CONTAINER, f"It holds {', '.join(container.codecs(kind))}."
    else:
        obstacle = _spoils(stored, container)
        code, advice = Code.INVALID_OUTPUT, "Leave codec out: then it is encoded anew."
    if is_asked and obstacle:
        findings.fail(code, f"/codec/{kind}", obstacle, advice)
    return not obstacle


def is_better_anew(
    given: OutputSpec,
    container: Container,
    source: MediaInfo,
    stored: VideoStream | AudioStream,
) -> bool:
    """Whether encoding anew loses nothing, and puts silence where samples are missing; copied into
    a file without timestamps, all that follows would be too early."""
    is_lossless = isinstance(stored, AudioStream) and stored.bit_depth is not None
    is_retimed = not container.keeps_start and source.format != container.muxer
    return is_lossless and is_retimed and given.codec.audio != COPY


def _spoils(stored: VideoStream | AudioStream, container: Container) -> str:
    """What a copy would lose, in words; empty where nothing."""
    if isinstance(stored, AudioStream):
        return ""
    if stored.lacks_times:
        return "the picture is stored without the times at which its frames are shown, so it cannot be copied"
    if stored.rotation and container.muxer in ("matroska", "webm"):
        return f"{container.name} cannot hold how the picture is turned"
    if container.is_opaque and pixels_of(stored.pixel_format).has_alpha:
        return f"{container.name} cannot hold the transparency of {stored.codec}"
    return ""
