"""What is to be said of outputs that are published, though something about them is doubtful."""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from app.engine import pace, spot_check
from app.engine.outcome import Bounds, Outcome
from app.engine.spot_check import Means, Side
from app.errors import Failure
from app.services.step_command import OutputFile
from app.services.step_run import Run
from operators.media import MediaInfo
from operators.problem import Code, Problem

_SHARE = 0.03
"""Of the time that FFmpeg took: how long all of this may take, though packets are always counted."""
_MOST_S = 6.0  # enough for all, and a cancelled job is not waited for longer
_PEAK = re.compile(r"\[astats@output_(\d+)_\d+ @ \w+\] \[info\] Peak level dB: (-?[\d.]+)")
_FULL_SCALE_DB = 0.1  # what no integer sample can hold, and rounding


def doubts(
    run: Run, outputs: Sequence[OutputFile], found: Sequence[MediaInfo], outcome: Outcome
) -> list[Problem]:
    """Copies are what their input is, unless several were joined. Raises: Failure."""
    step = run.command_step
    is_made = any(name.startswith("encode/") for name in step.work)
    if not is_made and not step.listed_inputs:
        return []
    timed = [
        (output, info) for output, info in zip(outputs, found, strict=True) if info.duration_ms
    ]
    problems = list(_clipped(outcome))
    budget_s = min(_MOST_S, _SHARE * outcome.wall_s)
    for output, info in timed:
        began = time.monotonic()
        said = pace.check(output.planned, info, pace.read(output.work_file, run.binaries))
        said += spot_check.check(
            Side(path=output.work_file, info=info),
            output.traces,
            _sources(run, output),
            Means(
                tools=run.binaries,
                folder=run.folder,
                budget_s=budget_s / len(timed) - (time.monotonic() - began),
                bounds=Bounds(memory_bytes=run.attempt.limits.max_memory),
            ),
        )
        problems += [_differs(output, doubt) for doubt in said]
    return problems


def _clipped(outcome: Outcome) -> Iterator[Problem]:
    """Sound that was cut off as it was encoded."""
    peaks: dict[int, float] = {}
    for line in outcome.meters:
        if said := _PEAK.match(line):
            peaks[int(said[1])] = max(float(said[2]), peaks.get(int(said[1]), 0))
    for index, peak in peaks.items():
        if peak > _FULL_SCALE_DB:
            yield Problem(
                code=Code.OUTPUT_CLIPPED,
                pointer=f"/outputs/{index}",
                message=f"its sound goes up to {peak:.1f} dB above full scale, and is cut off there",
                suggestion="Lower gain_db or weights, or put loudnorm last: it keeps peaks below full scale.",
            )


def _sources(run: Run, output: OutputFile) -> Mapping[str, Side]:
    """Of the inputs that an output shows, those that are here."""
    inputs, sides = run.attempt.plan.inputs, {}
    for name in {trace.input for trace in output.traces}:
        with suppress(Failure):
            path = run.locate(name)
            if os.path.exists(path):
                sides[name] = Side(path=path, info=inputs[name].media_info)
    return sides


def _differs(output: OutputFile, doubt: str) -> Problem:
    return Problem(
        code=Code.OUTPUT_DIFFERS,
        pointer=f"/outputs/{output.index}",
        message=doubt,
        suggestion="Look whether the input is so too; what is there was not changed.",
    )
