"""Commands that FFmpeg's scheduler stopped for ever, now and then, end: several at once, several times."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.engine import workspace
from planner.plan.addresses import Addresses
from planner.script import as_script
from tests.helpers.media import Media
from tests.helpers.render import plan_of, run_script
from tests.helpers.specs import job, op

_AT_ONCE, _TIMES = 4, 4
_PATIENCE_S = 60


def test_a_file_of_a_row_may_be_read_for_another_output(media: Media, tmp_path: Path) -> None:
    source = media.clip("row.mp4", seconds=4)

    def run(number: int) -> str:
        out = tmp_path / str(number)
        out.mkdir()
        spec = job(
            source, {"op": "concat", "inputs": ["src", "src"], "output": "row", "params": {}},
            op("drawtext", "src", "text", text="beside"), row=out / "row.mp4", text=out / "text.mp4",
        )  # fmt: skip
        script = as_script(plan_of(spec, media.binaries), Addresses.of(spec), workspace.FONTS)
        for _ in range(_TIMES):
            run_script(script, media.binaries.ffmpeg, out, _PATIENCE_S)
        return str(media.frame_hashes(out / "row.mp4"))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        made = list(pool.map(run, range(_AT_ONCE)))
    assert len(set(made)) == 1
