"""JobSpecs that tests use again and again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from planner.uri import file_uri
from tests.helpers import scripts


def job(
    source: Path | str, *operations: dict[str, Any], **outputs: Path | dict[str, Any]
) -> dict[str, Any]:
    """One input `src`; `outputs` maps a reference to a path or to the fields of the output."""
    listed = [
        {
            "id": reference,
            **(given if isinstance(given, dict) else {"destination": file_uri(str(given))}),
        }
        for reference, given in outputs.items()
    ]
    uri = source if isinstance(source, str) else file_uri(str(source))
    return {
        "inputs": [{"id": "src", "source": uri}],
        "operations": list(operations),
        "outputs": listed,
    }


def joined(
    name: str, sources: Sequence[Path], destination: dict[str, Any], **params: Any
) -> dict[str, Any]:
    """One operation `name` on several inputs `i0`, `i1`, … into one output."""
    ids = [f"i{n}" for n in range(len(sources))]
    return {
        "inputs": [
            {"id": name_, "source": file_uri(str(source))}
            for name_, source in zip(ids, sources, strict=True)
        ],
        "operations": [{"op": name, "inputs": ids, "output": "out", "params": params}],
        "outputs": [{"id": "out", **destination}],
    }


def lossless(name: str) -> dict[str, Any]:
    """An output whose frames and samples can be compared exactly."""
    codec = {"video": {"codec": "ffv1"}, "audio": {"codec": "flac"}}
    return {"destination": f"file:///out/{name}", "codec": codec}


def op(name: str, source: str, output: str, **params: Any) -> dict[str, Any]:
    return {"op": name, "input": source, "output": output, "params": params}


def slow(source: Path, destination: Path, rate: float = 2.5) -> dict[str, Any]:
    """An encode of ten seconds that takes four, however fast the machine is, and little of it."""
    spec = job(scripts.at(rate, source), op("scale", "src", "big", width=640), big=destination)
    spec["outputs"][0]["codec"] = {"video": {"codec": "h264", "preset": "ultrafast", "crf": 18}}
    return spec


def endless(source: Path, destination: Path) -> dict[str, Any]:
    """An encode that is not over before somebody stops it: it would take minutes."""
    return slow(source, destination, rate=0.1)


def busy(
    source: Path, destination: Path, width: int = 1920, preset: str = "veryslow"
) -> dict[str, Any]:
    """An encode that takes a core, and memory: of ten seconds, two minutes on one core."""
    spec = job(source, op("scale", "src", "big", width=width), big=destination)
    spec["outputs"][0]["codec"] = {"video": {"codec": "h264", "preset": preset, "crf": 18}}
    return spec
