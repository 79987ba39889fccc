import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from operators.media import MediaInfo, SubtitleStream
from operators.problem import Invalid
from planner.diagram import as_dot, as_mermaid
from planner.explain import as_tree
from planner.make_plan import Options, make_plan, needed_inputs
from planner.parse import parse_spec
from planner.plan import Plan
from planner.plan.addresses import Addresses
from planner.policy import Policy
from planner.script import as_script
from planner.spec import LimitsSpec
from tests.helpers.infos import audio, clip, sound_only, video
from tests.helpers.specs import job, op

POLICY = Policy(roots=("/m",))


def plan(spec: dict[str, Any], info: MediaInfo | None = None, **options: Any) -> Plan:
    parsed = parse_spec(spec, POLICY)
    limits = POLICY.tightened(LimitsSpec())
    made = Options(ffmpeg_version="9.0", **{"limits": limits, **options})
    probed = dict.fromkeys(needed_inputs(parsed.spec), info or clip())
    return make_plan(parsed.spec, probed, made, parsed.warnings)


def encodes(plan_: Plan, step: int = 0) -> str:
    """What follows the graph or the inputs in a step's command."""
    argv = plan_.steps[step].argv
    start = argv.index("-map")
    return " ".join(argv[start:])


LADDER = job(
    "file:///m/in.mp4",
    op("scale", "src", "big", width=640),
    op("scale", "src", "small", width=320),
    big="/m/big.mp4",
    small="/m/small.mp4",
)


def test_two_sizes_are_one_command_with_one_decoder() -> None:
    made = plan(LADDER)
    (step,) = made.steps
    assert step.argv.count("-i") == 1
    assert step.filtergraph == (
        "[0:v:0]scale=w=1280:h=720,scale=w=640:h=360:flags=bicubic,setsar=sar=1[op_0_scale_v0];"
        "[0:v:0]scale=w=1280:h=720,scale=w=320:h=180:flags=bicubic,setsar=sar=1[op_1_scale_v0]"
    )
    assert "one decode" in step.reason


def test_sound_that_nothing_touches_is_copied() -> None:
    assert encodes(plan(LADDER)).count("-map 0:a:0 -c:a:0 copy") == 2


def test_every_label_is_made_once_and_used_once() -> None:
    spec = job(
        "file:///m/in.mp4",
        op("trim", "src", "cut", start=1),
        op("scale", "cut", "a", width=64),
        op("scale", "cut", "b", width=32),
        op("trim", "b", "c", end=1),
        a="/m/a.mp4", b="/m/b.mp4", c="/m/c.mp4", cut="/m/cut.mp4",
    )  # fmt: skip
    for is_optimised in (True, False):
        for step in plan(spec, clip(sound=2), is_optimised=is_optimised).steps:
            graph = step.filtergraph or ""
            labels = re.findall(r"\[([a-z]\w*)\]", graph)
            mapped = [word[1:-1] for word in step.argv if re.fullmatch(r"\[\w+\]", word)]
            counted = {label: (labels + mapped).count(label) for label in labels}
            assert set(counted.values()) <= {2}, counted


def test_what_no_output_takes_is_not_made() -> None:
    spec = job("file:///m/in.mp4", op("trim", "src", "cut", end=1))
    spec["outputs"] = [{"id": "cut:v", "destination": "file:///m/o.mp4"}]
    assert "atrim" not in (plan(spec).steps[0].filtergraph or "")


def test_an_operation_that_no_output_needs_is_dropped() -> None:
    spec = job(
        "file:///m/in.mp4",
        op("scale", "src", "a", width=64),
        op("scale", "src", "lost", width=9),
        a="/m/a.mp4",
    )
    made = plan(spec)
    assert [node.id for node in made.nodes] == ["input_src", "op_0_scale", "output_0"]
    assert made.warnings[0].pointer == "/operations/1"


def test_unconnected_work_becomes_parallel_steps() -> None:
    spec = job(
        "file:///m/a.mp4",
        op("scale", "src", "x", width=64),
        op("scale", "two", "y", width=64),
        x="/m/x.mp4",
        y="/m/y.mp4",
    )
    spec["inputs"].append({"id": "two", "source": "file:///m/b.mp4"})
    made = plan(spec)
    assert [(s.step_id, s.stage, s.depends_on) for s in made.steps] == [
        ("s1", 0, ()),
        ("s2", 0, ()),
    ]


def test_without_optimising_every_node_is_a_step() -> None:
    spec = job(
        "file:///m/in.mp4",
        op("trim", "src", "cut", end=1),
        op("scale", "cut", "s", width=64),
        s="/m/o.mp4",
    )
    made = plan(spec, is_optimised=False)
    assert [(s.nodes, s.stage, s.depends_on) for s in made.steps] == [
        (("op_0_trim",), 0, ()),
        (("op_1_scale",), 1, ("s1",)),
        (("output_0",), 2, ("s1", "s2")),
    ]
    argv = made.steps[2].argv
    read = [argv[place + 1] for place, word in enumerate(argv) if word == "-i"]
    assert read == ["{step:s1}/op_0_trim.nut", "{step:s2}/op_1_scale.nut"]


@pytest.mark.parametrize(
    ("info", "destination", "codec", "expected"),
    [
        (clip(), "o.mkv", {}, "-map 0:v:0 -c:v:0 copy -map 0:a:0 -c:a:0 copy -map_metadata 0 -map_chapters -1 -f matroska {out:0}"),
        (clip(), "o.mp3", {}, "-map [output_0_a0] -c:a:0 libmp3lame -map_metadata 0 -map_chapters -1 -f mp3 {out:0}"),
        (clip(sound=3), "o.wav", {}, "-map [output_0_a0] -c:a:0 pcm_s16le -map_metadata 0 -map_chapters -1 -rf64 auto -f wav {out:0}"),
        (clip(), "o.mp4", {"video": "none"}, "-map 0:a:0 -c:a:0 copy -map_metadata 0 -map_chapters -1 -movflags +faststart -f mp4 {out:0}"),
        (
            clip(), "o.webm", {"audio": "none"},
            "-map 0:v:0 -c:v:0 libvpx-vp9 -crf:v:0 32 -b:v:0 0 -cpu-used:v:0 2 -deadline good -row-mt 1 "
            "-pix_fmt:v:0 yuv420p -fps_mode:v:0 vfr -filter:v:0 scale=w=1280:h=720 -map_metadata 0 -map_chapters -1 -f webm {out:0}",
        ),
        (
            clip(), "o.mp4",
            {"video": {"codec": "hevc", "bitrate": "2.5M", "preset": "fast", "profile": "main", "gop": 60}, "audio": {"bitrate": "96k", "sample_rate": 44100, "channels": 1}},
            "-map 0:v:0 -c:v:0 libx265 -b:v:0 2500000 -preset:v:0 fast -x265-params log-level=warning "
            "-pix_fmt:v:0 yuv420p -profile:v:0 main -g:v:0 60 -tag:v:0 hvc1 -fps_mode:v:0 vfr -filter:v:0 scale=w=1280:h=720 -map [output_0_a0] -c:a:0 aac -b:a:0 96000 "
            "-ar:a:0 44100 -map_metadata 0 -map_chapters -1 -movflags +faststart -f mp4 {out:0}",
        ),
        (
            clip(picture=video(codec="vp8", bit_depth=10)), "o.mp4", {"audio": "copy"},
            "-map 0:v:0 -c:v:0 libx264 -crf:v:0 23 -preset:v:0 medium -pix_fmt:v:0 yuv420p10le -fps_mode:v:0 vfr -filter:v:0 scale=w=1280:h=720 "
            "-map 0:a:0 -c:a:0 copy -map_metadata 0 -map_chapters -1 -movflags +faststart -f mp4 {out:0}",
        ),
    ],
)  # fmt: skip
def test_outputs_are_encoded_as_asked(
    info: MediaInfo, destination: str, codec: dict[str, Any], expected: str
) -> None:
    made = plan(
        job("file:///m/in.mp4", src={"destination": f"file:///m/{destination}", "codec": codec}),
        info,
    )
    assert encodes(made) == expected


def test_tags_and_languages_are_written() -> None:
    info = MediaInfo(duration_ms=1000, audio=(audio(0, language="deu"),), tags={})
    made = plan(
        job(
            "file:///m/in.mka",
            src={
                "destination": "file:///m/o.mka",
                "format": "mkv",
                "metadata": {"title": "a=b {out:0}"},
            },
        ),
        info,
    )
    words = made.steps[0].argv
    assert words[words.index("-metadata:s:a:0") + 1] == "language=deu"
    assert words[words.index("-metadata") + 1] == "title=a=b {out:0}"


def test_cover_pictures_are_counted_as_ffmpeg_counts() -> None:
    from operators.media import Picture

    info = clip(
        picture=video(index=1),
        attached_pictures=(Picture(index=0, codec="mjpeg", width=9, height=9),),
    )
    assert "-map 0:v:1" in encodes(plan(job("file:///m/in.mp4", src="/m/o.mkv"), info))


@pytest.mark.parametrize(
    ("spec", "info", "found"),
    [
        (job("file:///m/a.wav", op("scale", "src", "s", width=9), s="/m/o.mp4"), sound_only(), ("/operations/0/input", "INVALID_OPERATION")),
        (job("file:///m/a.wav", src="/m/o.gif"), sound_only(), ("/outputs/0", "INVALID_OUTPUT")),
        (job("file:///m/a.mp4", op("trim", "src", "c", start=11), c="/m/o.mp4"), clip(), ("/operations/0/params/start", "INVALID_OPERATOR_PARAMS")),
        (job("file:///m/a.mp4", op("trim", "src", "c", end=1), c={"destination": "file:///m/o.mp4", "codec": {"video": "copy"}}), clip(), ("/outputs/0/codec/video", "INVALID_OUTPUT")),
        (job("file:///m/a.mp4", src={"destination": "file:///m/o.webm", "codec": {"video": "copy"}}), clip(), ("/outputs/0/codec/video", "CODEC_NOT_IN_CONTAINER")),
        (job("file:///m/a.mp4", src="/m/o.mkv"), clip(seconds=7201), ("/inputs/0/source", "DURATION_TOO_LONG")),
        (job("file:///m/a.mp4", op("scale", "src", "s", width=4000), s="/m/o.mkv"), clip(), ("/operations/0", "RESOLUTION_TOO_HIGH")),
    ],
)  # fmt: skip
def test_faults_that_only_the_media_shows(
    spec: dict[str, Any], info: MediaInfo, found: tuple[str, str]
) -> None:
    with pytest.raises(Invalid) as caught:
        plan(spec, info)
    assert [(p.pointer, p.code.value) for p in caught.value.problems] == [found]


def test_a_track_that_is_not_there_is_named() -> None:
    spec = job("file:///m/in.mp4")
    spec["outputs"] = [{"id": "src:a:1", "destination": "file:///m/o.mp3"}]
    with pytest.raises(Invalid, match='"src" has 1 video stream and 1 audio track'):
        plan(spec)


def test_input_offsets_become_seeking() -> None:
    spec = job("file:///m/in.mp4", src="/m/o.mkv")
    spec["inputs"][0] |= {"start_offset": "2s", "duration": 3}
    made = plan(spec)
    # a little early, for decoders of sound; the filters still cut at 2 s
    assert " ".join(made.steps[0].argv).count("-ss 1.5 -itsoffset 1.5 -i {in:src}") == 1
    assert "atrim=start=2:end=5" in (made.steps[0].filtergraph or "")
    assert made.nodes[-1].media_info.duration_ms == 3000
    assert "libx264" in made.steps[0].argv


def keyframe_job(**output: Any) -> dict[str, Any]:
    cut = op("trim", "src", "part", start=2, duration=3, mode="keyframe")
    return job("file:///m/in.mp4", cut, part={"destination": "file:///m/o.mp4", **output})


def test_a_cut_at_a_keyframe_is_a_copy() -> None:
    made = plan(keyframe_job())
    (step,) = made.steps
    assert "-ss 2 -t 3 -i {in:src} -map 0:v:0 -c:v:0 copy -map 0:a:0 -c:a:0 copy" in " ".join(
        step.argv
    )
    assert step.filtergraph is None
    assert step.reason == "1 output copied as stored: nothing is decoded or encoded"
    assert not made.nodes[-1].media_info.duration_is_exact
    assert made.nodes[-1].media_info.duration_ms == 3000


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(keyframe_job(codec={"audio": {"codec": "mp3"}}), id="another codec"),
        pytest.param(
            job(
                "file:///m/in.mp4",
                op("scale", "src", "small", width=64),
                op("trim", "small", "part", start=2, mode="keyframe"),
                part="/m/o.mp4",
            ),
            id="not of a file",
        ),
        pytest.param(
            job(
                "file:///m/in.mp4",
                op("trim", "src", "part", start=2, mode="keyframe"),
                op("volume", "part", "loud", gain_db=3),
                loud="/m/o.mp4",
            ),
            id="worked on afterwards",
        ),
    ],
)
def test_what_cannot_be_copied_whole_is_cut_exactly(spec: dict[str, Any]) -> None:
    (step,) = plan(spec).steps
    assert "trim=start=1.986667" in (step.filtergraph or "")
    assert "libx264" in step.argv


_HASH = """
import sys; sys.path.insert(0, ".")
from tests.unit.planner.test_plan import LADDER, plan
print(plan(LADDER).plan_id)
"""


def test_the_same_spec_and_media_give_the_same_plan_everywhere() -> None:
    ids = {
        subprocess.run(
            [sys.executable, "-c", _HASH],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert ids == {plan(LADDER).plan_id + "\n"}
    other = job("file:///m/in.mp4", op("scale", "src", "a", width=642), a="/m/big.mp4")
    assert plan(other).plan_id not in ids


def test_the_tree_and_the_script_show_the_command() -> None:
    made = plan(LADDER)
    tree, script = as_tree(made), as_script(made, Addresses.of(LADDER), "/fonts")
    assert "s1: 2 operations and 2 outputs in one command" in tree
    assert "-codec_whitelist" not in tree
    assert "file:/m/big.mp4" in script
    assert "{" not in script.partition("filter_complex")[2]


def test_pictures_show_every_node_in_its_step_and_what_is_measured_first() -> None:
    made = plan(job("file:///m/in.mp4", op("loudnorm", "src", "l"), l="/m/out.mp4"))
    drawn, dotted = as_mermaid(made), as_dot(made)
    assert drawn.splitlines()[:3] == [
        "flowchart LR",
        '  n0(["input_src"])',
        f'  subgraph s2["s2: {made.steps[1].reason}"]',
    ]
    assert "  n0 -->|both| n1" in drawn
    assert "  s1 -.-> s2" in drawn
    assert '  "input_src" -> "op_0_loudnorm" [label=both];' in dotted
    assert '  s1 -> "op_0_loudnorm" [lhead=cluster_s2, style=dashed];' in dotted


def test_the_plan_as_json_has_the_documented_shape() -> None:
    document = plan(LADDER).to_json()
    assert list(document) == [
        "version", "plan_id", "job_id", "created_at", "ffmpeg_version", "warnings", "nodes", "edges",
        "execution_order", "execution_stages", "steps", "estimates",
    ]  # fmt: skip
    assert list(document["steps"][0]) == [
        "step_id", "kind", "type", "stage", "nodes", "depends_on", "argv", "filtergraph", "files",
        "measures", "input", "part", "output", "from_step", "reason", "work", "estimates",
    ]  # fmt: skip
    assert document["edges"][0] == {
        "from": "input_src",
        "to": "op_0_scale",
        "stream_type": "both",
        "input_index": 0,
    }


def test_a_plan_is_of_one_source_and_one_destination() -> None:
    ids = {
        plan(job(f"file:///m/{source}", src=f"/m/{out}")).plan_id
        for source in ("a.mp4", "b.mp4")
        for out in ("x.mkv", "y.mkv")
    }
    assert len(ids) == 4


def test_a_picture_that_lies_on_its_side_is_turned_once_for_all() -> None:
    info = clip(picture=video(rotation=90))
    graph = plan(LADDER, info).steps[0].filtergraph or ""
    # pinned: else what one reader asks for is what all get
    assert graph.startswith(
        "[0:v:0]scale=w=720:h=1280,format=pix_fmts=yuv420p,split=outputs=2[input_src_v0_1][input_src_v0_2];"
        "[input_src_v0_1]scale"
    )


def test_two_pictures_of_one_input_do_not_share_a_label() -> None:
    info = clip(picture=video(index=0))
    info = replace(info, video=(*info.video, video(index=2)))
    spec = job("file:///m/in.mkv")
    for n, track in enumerate(("src:v:0", "src:v:0", "src:v:1", "src:v:1")):
        spec["operations"].append(op("scale", track, f"s{n}", width=64 + 2 * n))
        spec["outputs"].append({"id": f"s{n}", "destination": f"file:///m/{n}.mp4"})
    graph = plan(spec, info).steps[0].filtergraph or ""
    assert graph.count("[0:v:0]scale") == 2
    assert graph.count("[0:v:1]scale") == 2


def test_an_operation_whose_tracks_nobody_takes_is_no_step() -> None:
    spec = job("file:///m/in.mp4", op("scale", "src", "s", width=64))
    spec["outputs"] = [{"id": "s:a", "destination": "file:///m/o.mp3"}]
    for is_optimised in (True, False):
        (step,) = plan(spec, is_optimised=is_optimised).steps
        assert (
            step.filtergraph
            == (
                "[0:a:0]aresample=async=1:min_hard_comp=0.05:first_pts=0[output_0_a0]"  # the output's own
            )
        )


@pytest.mark.parametrize(("suffix", "ticks"), [("mov", "1/90000"), ("webm", "1/1000")])
def test_irregular_frames_keep_their_times_through_the_encoder(suffix: str, ticks: str) -> None:
    vfr = clip(picture=video(rate="10.5", is_vfr=True))
    output = {"destination": f"file:///m/o.{suffix}", "codec": {"video": {"crf": 20}}}
    words = plan(job("file:///m/in.mp4", src=output), vfr).steps[0].argv
    assert words[words.index("-enc_time_base:v:0") + 1] == ticks


def test_an_offset_past_the_end_is_named() -> None:
    spec = job("file:///m/in.mp4", src="/m/o.mkv")
    spec["inputs"][0]["start_offset"] = 11
    with pytest.raises(Invalid, match="nothing is left: the input lasts 10 s"):
        plan(spec)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"type": "image"}, "type is image"),
        ({"type": "subtitle"}, "type is subtitle"),
        ({"format": "mkv"}, "format is mkv"),
    ],
)
def test_an_input_must_be_what_it_is_told_to_be(told: dict[str, str], said: str) -> None:
    spec = job("file:///m/a.mp4", src="/m/o.mp4")
    spec["inputs"][0].update(told)
    with pytest.raises(Invalid) as caught:
        plan(spec)
    (problem,) = caught.value.problems
    assert problem.pointer == f"/inputs/0/{next(iter(told))}"
    assert said in problem.message


def test_an_input_that_is_what_it_is_told_to_be_is_read() -> None:
    spec = job("file:///m/a.mp4", src="/m/o.mp4")
    spec["inputs"][0].update({"type": "video", "format": "mp4"})
    assert plan(spec).steps


def test_equal_captions_are_burnt_in_once_whatever_their_style() -> None:
    srt = MediaInfo(
        format="srt", duration_ms=1000, subtitles=(SubtitleStream(codec="subrip"),), tags={}
    )
    burn = {"op": "subtitles", "inputs": ["src", "subs"], "params": {"style": {"fontsize": 20}}}
    spec = job("file:///m/in.mp4", a="/m/a.mp4", b="/m/b.mp4")
    spec["inputs"].append({"id": "subs", "source": "file:///m/s.srt"})
    spec["operations"] = [{**burn, "output": "a"}, {**burn, "output": "b"}]
    parsed = parse_spec(spec, POLICY)
    made = make_plan(parsed.spec, {"src": clip(), "subs": srt}, Options(ffmpeg_version="9.0"))
    (step,) = made.steps
    assert str(step.filtergraph).count("ass=") == 1
