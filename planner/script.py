"""A plan as a shell script that makes the same files; needs only sh, awk and ffmpeg, and curl or aws
where media lie elsewhere."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from operators import registry
from planner.transfers import MEDIA
from planner.uri import is_remote, parse_uri

_IN_GRAPH = re.compile(r"(?<!\\)\{(work|fonts|font|measured)(?::([\w. -]+))?\}")
_WORK = "\0work"
"""In paths: the script's own folder."""
# the gain to the target, or to the ceiling where that comes first; silence stays as it is
_AWK = (
    '$1 == "I:" { i = $2 } $1 == "Peak:" { p = $2 } '
    "END { g = target - i; if (p + g > ceiling) g = ceiling - p; print (i > -70 ? 10 ^ (g / 20) : 1) }"
)


def as_script(plan: Mapping[str, Any], spec: Mapping[str, Any], fonts: str) -> str:
    """The script of a plan's JSON; `fonts` is the folder of the bundled fonts.

    A measuring step runs once: where peaks must be limited, the service measures again and comes
    closer to the target; the script stays below the ceiling.
    """
    sources, targets = _sources(plan, spec), _targets(plan, spec)
    lines = [
        "#!/bin/sh",
        f"# {plan['plan_id']}",
        "set -eu",
        "work=$(mktemp -d)",
        "trap 'rm -rf \"$work\"' EXIT",
        f"fonts={shlex.quote(fonts)}",
    ]
    for step in plan["steps"]:
        lines += [
            "",
            f"# {step['step_id']}: {step['reason']}",
            f'mkdir -p "$work/{step["step_id"]}"',
        ]
        if step["kind"] == "transfer":
            lines.append(_transfer(step, spec, targets))
            continue
        lines += [
            _file(name, content, step, sources, targets) for name, content in step["files"].items()
        ]
        lines += _unmeasured(plan, step)
        words = [
            _graph(word, step)
            if before == "-filter_complex"
            else _word(word, step, sources, targets)
            for before, word in zip(("", *step["argv"]), step["argv"], strict=False)
        ]
        log = f' 2> "$work/{step["step_id"]}/log"' if step["measures"] else ""
        lines.append(" ".join(words) + log)
        lines += _measured(plan, step)
    return "\n".join(lines) + "\n"


def _sources(plan: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, str]:
    """The path of every input: its own, or where it is fetched to."""
    local = {g["id"]: parse_uri(g["source"]).path for g in spec["inputs"]}
    fetched = {
        name.removeprefix("input_"): f"{_WORK}/{step['step_id']}/{MEDIA}"
        for step in plan["steps"]
        if step["kind"] == "transfer"
        for name in step["nodes"]
        if name.startswith("input_")
    }
    return local | fetched


def _targets(plan: Mapping[str, Any], spec: Mapping[str, Any]) -> list[str]:
    """The path of every output: its own, or where it is made to be sent."""
    made_by = {
        name: step["step_id"]
        for step in plan["steps"]
        if step["kind"] != "transfer"
        for name in step["nodes"]
    }

    def target(index: int, uri: str) -> str:
        path = parse_uri(uri).path
        name = path.rpartition("/")[2]
        return f"{_WORK}/{made_by[f'output_{index}']}/{name}" if is_remote(uri) else path

    return [target(index, out["destination"]) for index, out in enumerate(spec["outputs"])]


def _transfer(step: Mapping[str, Any], spec: Mapping[str, Any], targets: list[str]) -> str:
    """The line that fetches or sends; credentials are those of whoever runs it."""
    verb, name = step["argv"][0], step["nodes"][0]
    if verb == "upload":
        number = int(name.removeprefix("output_"))
        folder, _, file = targets[number].rpartition("/")
        stem = file.rpartition(".")[0] or file
        away = _quoted(spec["outputs"][number]["destination"].rpartition("/")[0] + "/")
        only = f"--exclude '*' --include {shlex.quote(stem + '*')}"
        return f"aws s3 cp --recursive {only} {_quoted(folder)} {away}"
    uri = next(g["source"] for g in spec["inputs"] if f"input_{g['id']}" == name)
    here = _quoted(f"{_WORK}/{step['step_id']}/{MEDIA}")
    is_s3 = uri.lower().startswith("s3:")
    return f"aws s3 cp {_quoted(uri)} {here}" if is_s3 else f"curl -fsSL -o {here} {_quoted(uri)}"


def _quoted(text: str) -> str:
    """One shell word, a variable where the script's folder is meant."""
    return '"$work"'.join(shlex.quote(part) if part else "" for part in text.split(_WORK))


def _file(
    name: str, content: Any, step: Mapping[str, Any], sources: Mapping[str, str], targets: list[str]
) -> str:
    """The line that writes a file which the step needs."""
    path = f'"$work/{step["step_id"]}/{name}"'
    if sidecar := re.fullmatch(r"out(\d+)\.vtt", name):
        target = targets[int(sidecar[1])]
        path = _quoted(target.rpartition(".")[0] + ".vtt")
    if isinstance(content, str):
        return f"printf %s {shlex.quote(content)} > {path}"
    if "captions" in content:
        source = _quoted(f"file:{sources[content['captions']]}")
        return f"ffmpeg -nostdin -y -loglevel error -i {source} -map 0:s:{content.get('track', 0)} {path}"
    entries = [
        "file '"
        + f"file:{sources[e['input']]}".replace("'", "'\\''")
        + f"'\nduration {e['duration']}\n"
        for e in content["concat"]
    ]
    return f"printf %s {_quoted(''.join(entries))} > {path}"


def _word(
    word: str, step: Mapping[str, Any], sources: Mapping[str, str], targets: list[str]
) -> str:
    if match := re.fullmatch(r"\{in:([^{}]+)\}", word):
        return _quoted(f"file:{sources[match[1]]}")
    if match := re.fullmatch(r"\{out:(\d+)\}", word):
        return _quoted(f"file:{targets[int(match[1])]}")
    if match := re.fullmatch(r"\{out:(\d+):%04d\}", word):
        stem, _, extension = targets[int(match[1])].replace("%", "%%").rpartition(".")
        return _quoted(f"file:{stem}-%04d.{extension}")
    if match := re.fullmatch(r"\{step:(s\d+)\}(/[\w.-]+)", word):
        return f'"file:$work/{match[1]}{match[2]}"'
    if match := re.fullmatch(r"\{work\}(/[\w.-]+)", word):
        return f'"file:$work/{step["step_id"]}{match[1]}"'
    return shlex.quote(word)


def _graph(graph: str, step: Mapping[str, Any]) -> str:
    """The filtergraph as one shell word, variables where it has tokens."""
    parts, end = [], 0
    for match in _IN_GRAPH.finditer(graph):
        variables = {
            "work": f"$work/{step['step_id']}",
            "fonts": "$fonts",
            "font": f"$fonts/{match[2]}",
            "measured": "$" + str(match[2]).replace(".", "_"),
        }
        parts += [shlex.quote(graph[end : match.start()]), f'"{variables[match[1]]}"']
        end = match.end()
    return "".join([*parts, shlex.quote(graph[end:])])


def _unmeasured(plan: Mapping[str, Any], step: Mapping[str, Any]) -> list[str]:
    """What the values of a measuring step are before it has run."""
    if step["measures"] is None:
        return []
    node = _measuring(plan, step)
    kind = registry.find(str(node["operator"]))
    operator = kind.read(dict(node["params"] or {}), "")[0] if kind else None
    values = operator.unmeasured() if operator else {}
    return [f"{step['step_id']}_{name}={value}" for name, value in values.items()]


def _measured(plan: Mapping[str, Any], step: Mapping[str, Any]) -> list[str]:
    """The gain, from the log of a measuring step."""
    if step["measures"] is None:
        return []
    params = _measuring(plan, step)["params"]
    asked = f"-v target={params['target_lufs']} -v ceiling={params['target_tp']}"
    log = f'"$work/{step["step_id"]}/log"'
    return [f"{step['step_id']}_gain=$(awk {asked} '{_AWK}' {log})"]


def _measuring(plan: Mapping[str, Any], step: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node that a measuring step measures for."""
    found: Mapping[str, Any] = next(n for n in plan["nodes"] if n["id"] == step["measures"])
    return found
