"""What stays of a whole run: `bench/results/<date>.json`, the table of docs/performance.md, and its plots."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figure import Figure

_ROOT = Path(__file__).parent.parent
_DOC = _ROOT / "docs" / "performance.md"
_BEGIN, _END = "<!-- written by make bench -->", "<!-- until here -->"
Found = Mapping[int, Sequence[Figure]]


def machine(ffmpeg: str) -> dict[str, Any]:
    """In general terms: what somebody with another machine must know to compare."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(), "memory_gib": round(memory / 2**30), "architecture": platform.machine(),
        "system": platform.system(), "python": platform.python_version(), "ffmpeg": ffmpeg,
    }  # fmt: skip


def save(found: Found, ffmpeg: str, seconds: float) -> Path:
    """The results as JSON; the file."""
    today = datetime.now(UTC).date().isoformat()
    path = _ROOT / "bench" / "results" / f"{today}.json"
    rows = {
        str(number): [{**asdict(figure), "is_met": figure.is_met} for figure in figures]
        for number, figures in found.items()
    }
    content = {"date": today, "machine": machine(ffmpeg), "seconds": round(seconds), "rows": rows}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def document(found: Found, ffmpeg: str) -> None:
    """Put the table into docs/performance.md, in place of the one before."""
    here = machine(ffmpeg)
    lines = [
        _BEGIN,
        f"Measured on {datetime.now(UTC).date()} on a machine with {here['cores']} cores and {here['memory_gib']} GiB,"
        f" FFmpeg {ffmpeg}, Python {here['python']}.\n",
        "| # | figure | measured | to reach | | made of |",
        "|---|---|---|---|---|---|",
        *(
            f"| {number} | {f.name} | {f.value_text} | {f.limit_text} | {'pass' if f.is_met else '**short**'} | {f.shown} |"
            for number, figures in found.items()
            for f in figures
        ),
        _END,
    ]
    before, _, rest = _DOC.read_text().partition(_BEGIN)
    _DOC.write_text(before + "\n".join(lines) + rest.partition(_END)[2])
