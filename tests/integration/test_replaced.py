"""Files that somebody replaces by a rename in the moment between the sandbox's look and the program's."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.engine import landlock, probe
from app.engine.tools import Tools
from app.errors import Failure
from tests.helpers.media import Media


@pytest.mark.skipif(landlock.version() == 0, reason="the sandbox does not bind files here")
@pytest.mark.parametrize("times", [1, 3, 99])
def test_what_was_replaced_is_looked_at_again(
    times: int, media: Media, binaries: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(media.clip(), tmp_path / "clip.mp4"))
    restrict, left = landlock.restrict_thread, [times]
    with ThreadPoolExecutor(1) as outside:
        outside.submit(int).result()  # its thread begins now: one that is bound can rename nothing

        def replace() -> None:
            if left[0]:
                left[0] -= 1
                os.replace(shutil.copy(path, tmp_path / "fresh.mp4"), path)

        def bind(*words: object) -> None:
            restrict(*words)  # type: ignore[arg-type]
            outside.submit(replace).result()

        monkeypatch.setattr(landlock, "restrict_thread", bind)
        if times <= 3:
            assert probe.probe(str(path), binaries).video
            return
        with pytest.raises(Failure, match="INPUT_ACCESS_DENIED"):
            probe.probe(str(path), binaries)
