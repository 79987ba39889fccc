"""Whatever another tenant does, a tenant's job is done soon. How soon is measured by `make neighbours`, on a
machine that does nothing else: here it is no more than that nobody starves."""

from collections.abc import Iterator

import pytest

from tests.helpers.media import Media
from tests.helpers.neighbours import LOADS, Street, alone, beside, street
from tests.helpers.pace import scaled

pytestmark = pytest.mark.stack("neighbours")


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory, media: Media) -> Iterator[tuple[Street, float]]:
    """The street, and what the polite tenant's job takes alone."""
    with street(media, tmp_path_factory.mktemp("neighbours")) as made:
        yield made, alone(made)


_SHORT = ("many_jobs", "long_encodes", "silent_sources", "slow_receivers")


@pytest.mark.parametrize(
    "load",
    [name if name in _SHORT else pytest.param(name, marks=pytest.mark.full) for name in LOADS],
)
def test_nobody_is_in_the_way_of_others(on: tuple[Street, float], load: str) -> None:
    here, lonely_s = on
    taken_s = beside(here, LOADS[load])
    assert taken_s < 8 * lonely_s + scaled(5), f"{taken_s:.2f} s, alone {lonely_s:.2f} s"
