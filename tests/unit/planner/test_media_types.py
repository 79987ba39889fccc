import pytest

from planner.codecs import CONTAINERS
from planner.media_types import UNKNOWN, media_type


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda container: str(container.name))
def test_every_container_has_one(container: object) -> None:
    name = container.name  # type: ignore[attr-defined]
    can = [bool(container.video), False] if container.audio else [True]  # type: ignore[attr-defined]
    for has_picture in set(can):
        assert media_type(name, has_picture) != UNKNOWN, (name, has_picture)


def test_sound_in_a_container_of_films_is_sound() -> None:
    assert media_type("mp4", has_picture=True) == "video/mp4"
    assert media_type("mp4", has_picture=False) == "audio/mp4"
    assert media_type(None, has_picture=True) == UNKNOWN
