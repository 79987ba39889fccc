"""The optimised plan of any job writes what the naive one writes, a step a node, losslessly."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from app.engine import probe
from app.engine.tools import Tools
from tests.helpers import dags
from tests.helpers.alike import difference
from tests.helpers.media import Media
from tests.helpers.render import render

_MOST = 12


@pytest.mark.parametrize(
    "examples", [40, pytest.param(1000, marks=pytest.mark.full)]
)  # fmt: skip
def test_optimised_plans_write_what_naive_ones_write(
    examples: int, media: Media, binaries: Tools
) -> None:
    files = dags.sources(media)
    probed = {name: probe.probe(str(path), binaries) for name, path in files.items()}

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(dags.jobs(files, probed, _MOST))
    def check(spec: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory(prefix="media-pipeline-") as folder:
            ours = render(spec, Path(folder, "ours"), binaries)
            naive = render(spec, Path(folder, "naive"), binaries, is_optimised=False)
            for one, other, info in zip(ours.paths, naive.paths, ours.found, strict=True):
                assert difference(media, one, other, info) is None, spec

    check()
