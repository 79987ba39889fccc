"""Random jobs for property tests: DAGs of operations that suit their inputs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from operators.media import MediaInfo
from operators.problem import Invalid
from planner.make_plan import Options, make_plan
from planner.parse import parse_spec
from planner.policy import Policy
from planner.uri import file_uri
from tests.helpers.media import Media

_SIDES = st.integers(min_value=8, max_value=60).map(lambda n: 2 * n)
_SECONDS = st.one_of(
    st.integers(min_value=0, max_value=30).map(lambda n: n / 20), st.sampled_from([2.2, 3.7])
)
_LENGTHS = st.integers(min_value=2, max_value=30).map(lambda n: n / 20)


def _params(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=choices)


# by operator: how many inputs, and parameters of which most suit most inputs
OPERATIONS: dict[str, tuple[int, st.SearchStrategy[dict[str, Any]]]] = {
    "trim": (1, _params(start=_SECONDS, duration=_LENGTHS)),
    "scale": (
        1,
        st.fixed_dictionaries(
            {"width": _SIDES},
            optional={
                "height": _SIDES,
                "fit": st.sampled_from(["stretch", "contain", "cover"]),
                "algorithm": st.sampled_from(["bilinear", "neighbor", "lanczos"]),
            },
        ),
    ),
    "crop": (1, st.fixed_dictionaries({"width": _SIDES, "height": _SIDES})),
    "pad": (1, _params(aspect=st.sampled_from(["1:1", "16:9"]), color=st.just("#336699"))),
    "rotate": (1, st.fixed_dictionaries({"angle": st.sampled_from([90, 180, 270, 10])})),
    "fps": (1, st.fixed_dictionaries({"fps": st.sampled_from([10, 15, 25, 30])})),
    "fade": (
        1,
        st.fixed_dictionaries(
            {"type": st.sampled_from(["in", "out"]), "duration": _LENGTHS.map(lambda n: n / 2)}
        ),
    ),
    "deinterlace": (1, st.just({})),
    "drawtext": (1, st.fixed_dictionaries({"text": st.sampled_from(["a", "B c"]), "fontsize": st.just(12)})),
    "volume": (1, st.fixed_dictionaries({"gain_db": st.integers(-12, 3)})),
    "loudnorm": (1, st.just({"target_lufs": -20})),
    "concat": (2, st.fixed_dictionaries({"mode": st.sampled_from(["auto", "reencode"])})),
    "xfade": (2, st.just({"duration": 0.2})),
    "mix": (2, _params(mode=st.sampled_from(["simple", "ducking"]))),
    "overlay": (2, _params(scale=st.just(0.5), opacity=st.just(0.5))),
    "combine": (2, st.just({})),
}  # fmt: skip


def sources(media: Media) -> dict[str, Path]:
    """Short clips that differ in rate, size, streams, codec and container; all sound is lossless."""
    gop = ("-g", "12", "-bf", "2", "-c:a", "flac")
    return {
        "film": media.clip("dag-film.mkv", seconds=2, fps="25", size="96x72", extra=gop),
        "mute": media.clip("dag-mute.mp4", seconds=1.5, fps="30", size="64x64", has_audio=False),
        "tone": media.sound("dag-tone.wav", "aevalsrc='0.3*sin(2*PI*(300+100*t)*t)':s=44100:d=1.7"),
        "fast": media.clip("dag-fast.mov", seconds=1.2, fps="30000/1001", size="80x60",
                           extra=("-g", "8", "-c:a", "pcm_s16le")),
        "long": media.clip("dag-long.mkv", seconds=5, fps="12", size="48x64", extra=gop),
        "reel": media.clip("dag-reel.mov", seconds=4, fps="15", size="64x48",
                           extra=("-g", "10", "-bf", "2", "-c:a", "pcm_s16le")),
    }  # fmt: skip


@st.composite
def jobs(
    draw: st.DrawFn, files: Mapping[str, Path], probed: Mapping[str, MediaInfo], most: int
) -> dict[str, Any]:
    """A spec of up to `most` operations that can be planned, outputs lossless."""
    ids = list(files)
    used: set[str] = set()
    operations: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, most))):
        name = draw(st.sampled_from(sorted(OPERATIONS)))
        count, params = OPERATIONS[name]
        # later results are likelier: deep graphs rather than wide ones
        picks = st.one_of(st.sampled_from(ids), st.sampled_from(ids[-3:]))
        inputs = [draw(picks) for _ in range(count)]
        one = {"op": name, "inputs": inputs, "output": f"o{number}", "params": draw(params)}
        if _is_plannable(_spec(files, [*operations, one], [f"o{number}"]), probed):
            operations.append(one)
            ids.append(f"o{number}")
            used.update(inputs)
    begins = st.sampled_from([0, 0, 1.3, 2.5])
    ends = [name for name in ids[len(files) :] if name not in used] or [draw(st.sampled_from(ids))]
    others = draw(st.lists(st.sampled_from(ids), max_size=1))
    chosen = list(dict.fromkeys([*ends[:3], *others]))
    spec = _spec(files, operations, chosen)
    for place in (-1, -2):
        spec["inputs"][place]["start_offset"] = draw(begins)
    return spec if _is_plannable(spec, probed) else _spec(files, operations, chosen)


def _spec(
    files: Mapping[str, Path], operations: list[dict[str, Any]], outputs: list[str]
) -> dict[str, Any]:
    # s16: what filters make of sound in floats is rounded once, at the end
    codec = {"video": {"codec": "ffv1"}, "audio": {"codec": "flac"}}
    return {
        "inputs": [{"id": name, "source": file_uri(str(path))} for name, path in files.items()],
        "operations": operations,
        "outputs": [
            {"id": name, "destination": f"file:///out/{name}.mkv", "codec": codec}
            for name in outputs
        ],
    }


def _is_plannable(spec: dict[str, Any], probed: Mapping[str, MediaInfo]) -> bool:
    try:
        parsed = parse_spec(spec, Policy(roots=("/",)))
        make_plan(parsed.spec, probed, Options(ffmpeg_version="9"))
    except Invalid:
        return False
    return True
