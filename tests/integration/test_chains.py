"""Two to four operations one after the other do what their documentation says of each, by the oracle."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from app.engine.tools import Tools
from tests.helpers.render import render
from tests.helpers.specs import file_uri
from tests.integration.test_zoo import bounds_of, truth
from tests.oracle.chains import Chain, chains, is_sound
from tests.oracle.programme import Programme, even, programme
from tests.oracle.reading import read
from tests.oracle.verdict import verdict
from tests.zoo.build import specimen
from tests.zoo.rows import TARGETS, Run


def spec_of(chain: Chain) -> dict[str, Any]:
    files = {"src": chain.name, **chain.others()}
    output: dict[str, Any] = {
        "id": "out", "destination": f"file:///out/o.{chain.target.removeprefix('default ')}",
    }  # fmt: skip
    if TARGETS[chain.target]:
        output["codec"] = TARGETS[chain.target]
    return {
        "inputs": [{"id": i, "source": file_uri(str(specimen(n)))} for i, n in files.items()],
        "operations": chain.operations(programme(chain.row)),
        "outputs": [output],
    }


def expected(chain: Chain, binaries: Tools) -> Programme:
    made = chain.means(truth(chain.name, binaries))
    return made if chain.target == "mkv" else even(made)


def is_told_alike(chain: Chain, version: str) -> bool:
    """FFmpeg 5 plays what AAC puts in front in Matroska, delays pictures by what Opus does, and does not
    say behind an overlay how long the last picture is seen."""
    if not version.startswith("5."):
        return True
    has_opus = any("libopus" in track.words for track in chain.row.tracks)
    is_played = has_opus or (chain.name.endswith(".mkv") and chain.row.is_lossy)
    return not is_played and not {"overlay", "fps up"} <= set(chain.cases)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("examples", "number"),
    [(20, 0), *(pytest.param(60, number, marks=pytest.mark.full) for number in range(1, 7))],
)
def test_operations_do_together_what_each_of_them_says(
    examples: int, number: int, binaries: Tools
) -> None:
    @seed(number)
    @settings(
        max_examples=examples, deadline=None, phases=[Phase.generate], database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(chains())
    def check(chain: Chain) -> None:
        assume(is_sound(chain, programme(chain.row)))
        assume(is_told_alike(chain, binaries.version))
        with tempfile.TemporaryDirectory(prefix="media-pipeline-") as folder:
            done = render(spec_of(chain), Path(folder), binaries)
            last = Run(case=chain.cases[-1], name=chain.name, target=chain.target)
            found = read(binaries, done.paths[0])
            said = verdict(found, expected(chain, binaries), bounds_of(last))
            assert not [*said, *done.doubts], str(chain)

    check()
