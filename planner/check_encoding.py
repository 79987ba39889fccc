"""Can the container hold what an output asks for, and does the encoder know its settings?"""

from collections.abc import Iterator, Mapping
from typing import Any

from operators.media import FLOWING, Kind
from operators.problem import Code, Problem
from planner.codecs import (
    Container,
    Encoder,
    container_names,
    container_of,
    find_container,
    find_encoder,
)
from planner.spec import AudioCodec, VideoCodec


def check_encoding(given: Mapping[str, Any], at: str) -> list[Problem]:
    """Problems of one output whose fields are well-formed; `at` points at it."""
    name = given.get("format")
    container = find_container(name) if name else container_of(given["destination"])
    if container is None:
        known = ", ".join(container_names())
        return [
            Problem(
                code=Code.INVALID_OUTPUT,
                pointer=f"{at}/destination",
                message="the file name does not say which format",
                suggestion=f'Set "format" to one of {known}.',
            )
        ]
    return [
        problem.below(f"{at}/codec/{kind.value}")
        for kind in FLOWING
        for problem in _check_kind(container, given["codec"].of(kind), kind)
    ]


def _check_kind(
    container: Container, chosen: VideoCodec | AudioCodec | str | None, kind: Kind
) -> Iterator[Problem]:
    if chosen is None or chosen == "none":
        return
    holds = container.codecs(kind)
    if not holds:
        yield Problem(
            code=Code.CODEC_NOT_IN_CONTAINER,
            message=f"{container.name} holds no {kind.value}",
            suggestion='Set it to "none", or choose another format.',
        )
    elif not isinstance(chosen, str):
        encoder = find_encoder(chosen.codec or holds[0])
        if encoder.codec in holds:
            yield from _check_settings(encoder, chosen)
        else:
            yield Problem(
                code=Code.CODEC_NOT_IN_CONTAINER,
                pointer="/codec",
                message=f"{container.name} cannot hold {encoder.codec}",
                suggestion=f"It holds {', '.join(holds)}.",
            )


def _check_settings(encoder: Encoder, chosen: VideoCodec | AudioCodec) -> Iterator[Problem]:
    words = {
        "pixel_format": encoder.pixel_formats,
        "profile": encoder.profiles,
        "preset": encoder.presets,
    }
    for name, allowed in words.items():
        value = getattr(chosen, name, None)
        if value is not None and value not in allowed:
            yield _bad(
                name,
                f"{encoder.name} has no {name} {value}",
                f"It has {', '.join(allowed)}." if allowed else f"Leave {name} out.",
            )
    profile, pixels = getattr(chosen, "profile", None), getattr(chosen, "pixel_format", None)
    able = encoder.formats_of(profile)
    if pixels in encoder.pixel_formats and pixels not in able:
        yield _bad(
            "pixel_format",
            f"profile {profile} cannot be written with {pixels}",
            f"It takes {', '.join(able)}.",
        )
    crf = getattr(chosen, "crf", None)
    if crf is None:
        return
    if encoder.crf_max is None:
        yield _bad("crf", f"{encoder.name} knows no crf", "Set bitrate instead.")
    elif crf > encoder.crf_max:
        yield _bad(
            "crf", f"crf {crf} is not in the range of {encoder.name}", f"0 to {encoder.crf_max}."
        )
    if chosen.bitrate is not None:
        yield _bad("crf", "crf and bitrate cannot both be given", "Keep one of them.")


def _bad(name: str, message: str, suggestion: str) -> Problem:
    return Problem(
        code=Code.INVALID_OUTPUT, pointer=f"/{name}", message=message, suggestion=suggestion
    )
