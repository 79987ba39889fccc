"""Outputs know which part of which input they show, where their operations state it."""

from dataclasses import replace
from typing import Any

import pytest

from operators.media import MediaInfo
from planner.make_plan import Options, make_plan
from planner.parse import parse_spec
from planner.plan import Plan
from planner.policy import Policy
from tests.helpers.infos import audio, clip, video

POLICY = Policy(roots=("/m",))


def plan(*operations: dict[str, Any], info: MediaInfo | None = None, **output: Any) -> Plan:
    """`src` through the operations, whose names are `a`, `b` and so on."""
    names = ["src", *"abcdef"[: len(operations)]]
    given = {**output.pop("input", {})}
    spec = {
        "inputs": [{"id": "src", "source": "file:///m/i.mp4", **given}],
        "operations": [
            {"input": names[n], "output": names[n + 1], **one} for n, one in enumerate(operations)
        ],
        "outputs": [{"id": names[-1], "destination": "file:///m/o.mp4", **output}],
    }
    parsed = parse_spec(spec, POLICY)
    return make_plan(parsed.spec, {"src": info or clip()}, Options(ffmpeg_version="9.0"))


def traces(made: Plan) -> list[tuple[str, int, int, int, float]]:
    (output,) = [node for node in made.nodes if node.type == "output"]
    return [(t.kind, t.stream, t.input_stream, t.start_ms, t.gain_db) for t in output.traces]


SCALE = {"op": "scale", "params": {"width": 640}}


def test_a_chain_adds_up() -> None:
    made = plan(
        {"op": "trim", "params": {"start": 2}},
        {"op": "volume", "params": {"gain_db": -6}},
        {"op": "trim", "params": {"start": 1}},
        {"op": "volume", "params": {"gain_db": 2}},
        SCALE,
        input={"start_offset": 3},
    )
    assert traces(made) == [("video", 0, 0, 6000, 0.0), ("audio", 0, 0, 6000, -4.0)]


def test_the_track_that_was_chosen_is_followed() -> None:
    made = plan({"op": "volume", "input": "src:a:1", "params": {"gain_db": -6}}, info=clip(sound=2))
    assert traces(made) == [("audio", 0, 1, 0, -6.0)]


def test_copies_are_what_they_are() -> None:
    assert traces(plan()) == []
    assert traces(plan(SCALE)) == [("video", 0, 0, 0, 0.0)]  # its sound is copied


@pytest.mark.parametrize(
    ("operation", "kinds"),
    [
        ({"op": "crop", "params": {"width": 100, "height": 100}}, []),
        ({"op": "loudnorm"}, []),
        ({"op": "fade", "params": {"type": "in", "duration": 1}}, []),
        (SCALE, ["video"]),
    ],
)
def test_what_is_not_stated_is_not_compared(operation: dict[str, Any], kinds: list[str]) -> None:
    assert [kind for kind, *_ in traces(plan(operation))] == kinds


def test_many_channels_as_fewer_are_not_compared() -> None:
    surround = replace(clip(), audio=(audio(1, channels=6, channel_layout="5.1"),))
    louder = {"op": "volume", "params": {"gain_db": -1}}
    as_they_are = traces(plan(louder, info=surround))
    as_stereo = traces(plan(louder, info=surround, codec={"audio": {"channels": 2}}))
    assert [kind for kind, *_ in as_they_are] == ["audio"]
    assert as_stereo == []


@pytest.mark.parametrize(
    "seen",
    [
        {"pixel_format": "yuva420p", "codec": "vp9"},
        {"color_transfer": "smpte2084", "color_primaries": "bt2020", "color_space": "bt2020nc",
         "pixel_format": "yuv420p10le", "codec": "hevc"},
    ],
)  # fmt: skip
def test_pictures_that_are_converted_are_not_compared(seen: dict[str, Any]) -> None:
    info = replace(clip(sound=0, picture=video(**seen)), format="matroska,webm")
    made = plan(SCALE, info=info, codec={"video": {"codec": "h264", "pixel_format": "yuv420p"}})
    assert traces(made) == []


def test_where_a_moment_is_not_found_at_once_nothing_is_compared() -> None:
    assert traces(plan(SCALE, info=replace(clip(), format="mpegts"))) == []
    assert traces(plan(SCALE, destination="file:///m/o.ogg", codec={"video": "none"})) == []


def test_only_sound_that_may_be_cut_off_is_measured() -> None:
    louder = plan({"op": "volume", "params": {"gain_db": 3}})
    softer = plan({"op": "volume", "params": {"gain_db": -3}})
    (step,), (other,) = louder.steps, softer.steps
    assert "astats@output_0_0" in (step.filtergraph or "")
    assert "repeat+level+info" in step.argv
    assert "astats" not in (other.filtergraph or "")
    assert "repeat+level+warning" in other.argv


def test_samples_above_full_scale_are_measured_where_the_codec_cuts_them_off() -> None:
    floats = replace(
        clip(), format="matroska,webm", video=(),
        audio=(audio(0, codec="pcm_f32le", bit_depth=32, is_float=True),),
    )  # fmt: skip
    lossy = plan(info=floats, destination="file:///m/o.mp3")
    kept = plan(
        {"op": "volume", "params": {"gain_db": 3}},
        info=floats,
        destination="file:///m/o.wav",
        codec={"audio": {"codec": "pcm_f32le"}},
    )
    assert "astats" in (lossy.steps[0].filtergraph or "")
    assert "astats" not in (kept.steps[0].filtergraph or "")
