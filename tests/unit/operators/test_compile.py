"""What every operator makes of typical and of difficult inputs, as golden cases.

A case is `operator params sources`, then what comes out, then the filters. Written anew by
`python -m tests.unit.operators.test_compile`; the difference is for a person to read.
"""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from operators import registry
from operators.capabilities import HasSidecar, PacketJoin, TwoPass
from operators.contract import BadParameters
from operators.filtergraph import INNER, Filter, Link, Pad
from operators.media import MediaInfo, SubtitleStream, VideoStream
from tests.helpers.infos import audio, clip, sound_only, video

_CASES = Path(__file__).parent / "cases" / "compile.txt"
_STILL = MediaInfo(
    format="png_pipe",
    video=(
        video(
            100, 50, rate=None, duration_ms=None, codec="png", pixel_format="rgba", frame_count=1
        ),
    ),
    tags={},
)
SOURCES: dict[str, MediaInfo] = {
    "clip": clip(),
    "mute": clip(sound=0),
    "two-tracks": clip(sound=2),
    "sound": sound_only(),
    "still": _STILL,
    "clip25": clip(picture=video(rate="25")),
    "odd": clip(picture=video(321, 241)),
    "hdr": clip(picture=video(pixel_format="yuv420p10le", bit_depth=10)),
    "anamorphic": clip(picture=video(720, 576, sar=Fraction(64, 45))),
    "turned": clip(picture=video(720, 1280)),
    "vfr": clip(picture=video(rate="10.5", is_vfr=True)),
    "interlaced": clip(picture=video(1920, 1080, rate="25", field_order="tt")),
    "progressive": clip(picture=video(field_order="progressive")),
    "tiny": clip(picture=video(1, 1)),
    "wide": clip(picture=video(7000, 100)),
    "endless": replace(
        clip(), duration_ms=None, video=(video(duration_ms=None),), audio=(audio(duration_ms=None),)
    ),
    "short": replace(
        clip(seconds=2), video=(video(duration_ms=2000),), audio=(audio(duration_ms=2000),)
    ),
    "short-sound": replace(clip(), audio=(audio(duration_ms=9000),)),
    "late": replace(clip(), audio=(audio(start_ms=500, duration_ms=9500),)),
    "late-sound": replace(clip(), audio=(audio(start_ms=500),)),
    "day": replace(clip(seconds=86_400), video=(video(duration_ms=86_400_000),)),
    "unnamed": replace(
        sound_only(), audio=(audio(0, channel_layout=None, channels=3, codec="pcm_s16le"),)
    ),
    "odd-layout": replace(
        sound_only(), audio=(audio(0, channel_layout="16 channels", channels=16),)
    ),
    "srt": MediaInfo(format="srt", subtitles=(SubtitleStream(codec="subrip"),), tags={}),
    "pgs": MediaInfo(format="sup", subtitles=(SubtitleStream(codec="hdmv_pgs_subtitle"),), tags={}),
    "no-length-sound": replace(sound_only(), duration_ms=None, audio=(audio(0, duration_ms=None),)),
    "unsure": replace(clip(), duration_is_exact=False),
    "other-stream": replace(clip(), video=(video(extradata_md5="x"),)),
    "rotated": replace(clip(), video=(video(rotation=90),)),
    "flac": replace(clip(), audio=(audio(codec="flac"),)),
    "wav": replace(sound_only(), format="wav"),
}


def outcome(name: str, params: dict[str, Any], sources: list[str]) -> str:
    """What the operator infers, says and compiles, as lines; or its problems."""
    kind = registry.find(name)
    assert kind is not None
    operator, problems = kind.read(params, "")
    assert operator is not None, problems
    infos = [SOURCES[source] for source in sources]
    try:
        result = operator.infer(infos)
    except BadParameters as bad:
        return "\n".join(f"  ! {p.pointer}: {p.message}" for p in bad.problems)
    assert operator.estimate(infos, result).cpu_ms >= 0
    lines = [f"  = {_shown(result)}"]
    lines += [f"  ? {problem.pointer}: {problem.message}" for problem in operator.remarks(infos)]
    if isinstance(operator, PacketJoin):
        lines.append(f"  choice: {operator.choice(infos)}")
        joint = operator.joint(infos)
        seconds = [str(s) for s in joint.seconds] if joint else []
        lines += [f"  joint: {sorted(joint.kinds)} {seconds}"] if joint else []
    if isinstance(operator, HasSidecar) and (sidecar := operator.sidecar(infos)):
        lines.append(f"  sidecar: {sidecar.splitlines()[2]}")
    if isinstance(operator, TwoPass):
        lines += [f"  1 {_link(link)}" for link in operator.measure(infos, result)]
    return "\n".join([*lines, *(f"  {_link(link)}" for link in operator.compile(infos, result))])


def _shown(info: MediaInfo) -> str:
    pictures = [_picture(v) for v in info.video]
    sounds = [f"{a.sample_rate} {a.channel_layout} {a.duration_ms} ms" for a in info.audio]
    return f"{info.duration_ms} ms{'' if info.duration_is_exact else '?'}: {', '.join(pictures + sounds)}"


def _picture(v: VideoStream) -> str:
    times = f"x{v.frame_count}" if v.frame_count else f"at {v.frame_rate}, {v.duration_ms} ms"
    return f"{v.width}x{v.height} sar {v.sar} {v.pixel_format} {times}"


def _link(link: Link) -> str:
    filters = ",".join(str(_plain(part)) for part in link.filters) or "(as it is)"
    return f"{_pads(link.inputs)} {filters} {_pads(link.outputs)}"


def _plain(part: Filter) -> Filter:
    """Assets by their names."""
    return replace(part, options=tuple((key, _named(value)) for key, value in part.options))


def _named(value: Any) -> Any:
    known = type(value).__module__ == "operators.filtergraph" and type(value).__name__
    return (
        f"<{known}>"
        if known in ("Measured", "TextFile", "FontFile", "FontFolder", "Captions")
        else value
    )


def _pads(pads: tuple[Pad, ...]) -> str:
    return "".join(f"[{'x' if p.source == INNER else p.source}{p.kind[0]}{p.index}]" for p in pads)


def cases() -> list[tuple[str, str]]:
    """Each case's heading and what should come out."""
    parts = _CASES.read_text().strip("\n").split("\n\n")
    return [
        (first, rest) for first, _, rest in (part.strip("\n").partition("\n") for part in parts)
    ]


def run(heading: str) -> str:
    name, _, rest = heading.partition(" ")
    text, _, sources = rest.rpartition(" ")
    return outcome(name, json.loads(text), sources.split("+"))


@pytest.mark.parametrize(("heading", "expected"), cases())
def test_what_comes_out(heading: str, expected: str) -> None:
    assert run(heading) == expected


if __name__ == "__main__":
    _CASES.write_text("\n\n".join(f"{heading}\n{run(heading)}" for heading, _ in cases()) + "\n")
