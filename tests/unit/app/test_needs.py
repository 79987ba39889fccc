"""The doctor asks FFmpeg for whatever our commands use."""

import re
from pathlib import Path

from app.engine import needs
from app.engine.tools import Tools

_MADE = re.compile(r'Filter\.of\(\s*"([a-z0-9]+)"')


def test_every_filter_that_is_compiled_is_asked_for() -> None:
    files = [file for folder in ("operators", "planner") for file in Path(folder).rglob("*.py")]
    used = {name for file in files for name in _MADE.findall(file.read_text())}
    assert len(used) > 30
    assert used <= needs.FILTERS


def test_what_an_ffmpeg_lacks_is_named(binaries: Tools, tmp_path: Path) -> None:
    assert needs.lacks_filters(binaries) == []
    small = tmp_path / "ffmpeg"
    small.write_text("#!/bin/sh\necho ' T.C volume  A->A  x'; echo ' V..... libx264  x'\n")
    small.chmod(0o755)
    lacking = Tools(ffmpeg=str(small), ffprobe="", version="9")
    assert "drawtext" in needs.lacks_filters(lacking)
    assert "volume" not in needs.lacks_filters(lacking)
    assert "aac" in needs.lacks_encoders(lacking)
