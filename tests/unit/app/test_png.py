import struct
from pathlib import Path

import pytest

from app.engine.png import pixel_format


def png(path: Path, depth: int, kind: int, *chunks: bytes) -> str:
    head = struct.pack(">IIBBBBB", 4, 4, depth, kind, 0, 0, 0)
    parts = [(b"IHDR", head), *((name, b"\0\0") for name in chunks), (b"IDAT", b"x")]
    body = b"".join(struct.pack(">I", len(data)) + name + data + b"crc!" for name, data in parts)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return str(path)


@pytest.mark.parametrize(
    ("depth", "kind", "chunks", "found"),
    [
        (8, 2, (), "rgb24"), (16, 2, (), "rgb48be"), (8, 2, (b"gAMA", b"tRNS"), "rgba"),
        (8, 6, (), "rgba"), (16, 6, (), "rgba64be"), (8, 3, (b"PLTE",), "rgb24"),
        (4, 3, (b"PLTE", b"tRNS"), "pal8"), (1, 0, (), "gray"), (16, 0, (), "gray16be"),
        (8, 0, (b"tRNS",), "ya8"), (8, 4, (), "ya8"), (16, 4, (), "ya16be"),
    ],
)  # fmt: skip
def test_a_header_tells_the_pixels(
    depth: int, kind: int, chunks: tuple[bytes, ...], found: str, tmp_path: Path
) -> None:
    assert pixel_format(png(tmp_path / "p.png", depth, kind, *chunks)) == found


def test_what_is_no_png_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p"
    for data in (b"", b"\xff\xd8\xff" + bytes(100), b"\x89PNG\r\n\x1a\n" + bytes(100)):
        path.write_bytes(data)
        assert pixel_format(str(path)) is None


def test_a_header_that_breaks_off_ends_the_search(tmp_path: Path) -> None:
    whole = Path(png(tmp_path / "p.png", 8, 2, b"gAMA")).read_bytes()
    (tmp_path / "p.png").write_bytes(whole[:45])
    assert pixel_format(str(tmp_path / "p.png")) == "rgb24"
