import pytest

from operators.pixels import lossless, pixels_of, yuv


@pytest.mark.parametrize(
    ("name", "model", "depth", "has_alpha", "chroma", "is_full"),
    [
        ("yuv420p", "yuv", 8, False, "420", False),
        ("yuvj422p", "yuv", 8, False, "422", True),
        ("yuva444p12le", "yuv", 12, True, "444", False),
        ("yuv410p", "yuv", 8, False, "410", False),
        ("nv12", "yuv", 8, False, "420", False),
        ("p010le", "yuv", 10, False, "420", False),
        ("vuya", "yuv", 8, True, "444", False),
        ("gbrp", "rgb", 8, False, "444", False),
        ("gbrap16le", "rgb", 16, True, "444", False),
        ("gbrpf32le", "rgb", 16, False, "444", False),
        ("gbrp10le", "rgb", 10, False, "444", False),
        ("x2rgb10le", "rgb", 10, False, "444", False),
        ("rgb48be", "rgb", 16, False, "444", False),
        ("bgra", "rgb", 8, True, "444", False),
        ("bgr0", "rgb", 8, False, "444", False),
        ("rgb565le", "rgb", 8, False, "444", False),
        ("pal8", "rgb", 8, True, "444", False),
        ("gray", "gray", 8, False, "444", True),
        ("gray10le", "gray", 10, False, "444", True),
        ("ya16be", "gray", 16, True, "444", True),
        ("monob", "gray", 8, False, "444", True),
        ("unheard of", "yuv", 8, False, "420", False),
        (None, "yuv", 8, False, "420", False),
    ],
)
def test_a_name_tells_what_a_sample_is(
    name: str | None, model: str, depth: int, has_alpha: bool, chroma: str, is_full: bool
) -> None:
    found = pixels_of(name)
    assert (found.model, found.depth, found.has_alpha, found.chroma, found.is_full) == (
        model, depth, has_alpha, chroma, is_full,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("yuv422p12le", None), ("rgb24", None), ("gray16be", None), ("rgb48be", "gbrp16le"),
        ("rgba64be", "gbrap16le"), ("gbrp10le", "gbrp16le"), ("ya8", "gbrap"), ("ya16be", "gbrap16le"),
    ],
)  # fmt: skip
def test_what_keeps_everything(name: str, kept: str | None) -> None:
    assert lossless(name) == kept


def test_a_name_is_built_of_its_parts() -> None:
    assert yuv("420") == "yuv420p"
    assert yuv("422", 10, has_alpha=True) == "yuva422p10le"
