"""Tags of the input: kept by default, gone where the job says so."""

import json
from pathlib import Path

import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, op


@pytest.mark.parametrize("is_copied", [True, False])
def test_a_place_is_stripped_on_request(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path, is_copied: bool
) -> None:
    source = corpus / "iphone_portrait_rot90.MOV"
    names = {True: "stripped.mov", False: "kept.mov"}
    cut = op("trim", "src", "cut", end=1)
    shown = {}
    for is_stripped, name in names.items():
        output = {
            "destination": f"file://{tmp_path / name}",
            "strip_metadata": is_stripped,
            "metadata": {"title": "mine"},
        }
        spec = job(source, src=output) if is_copied else job(source, cut, cut=output)
        (made,) = render(spec, tmp_path / name, binaries).paths
        shown[is_stripped] = json.dumps(media.probe(made, "-show_format", "-show_streams"))
    assert "+48.8789" in shown[False]
    for text in ("48.87", "Apple", "2013-11-29"):
        assert text not in shown[True], text
    assert '"title": "mine"' in shown[True]
