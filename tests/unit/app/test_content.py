"""Files that are no media are called what they are, whatever their names say."""

import io
import zipfile
from pathlib import Path

import pytest

from app.engine import probe
from app.engine.content import kind_of
from app.engine.tools import Tools
from app.errors import Failure
from operators.problem import Code
from tests.helpers.media import Media


def zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a", "b" * 1000)
    return held.getvalue()


NO_MEDIA = {
    "text": ("Shopping list: milk, bread, żółty ser\n" * 200).encode(),
    "a text of one word": b"hello",
    "json": b'{"error": "not found"}',
    "cut in a character": ("ż" * 3000).encode()[:4097],
    "page": b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>404</body></html>",
    "pdf": b"%PDF-1.4\n" + bytes(range(256)) * 8,
    "zip": zipped(),
    "zeros": bytes(10_000),
}
SAID = {
    "page": "an HTML page",
    "pdf": "a PDF document",
    "zip": "a ZIP archive",
    "zeros": "nothing but zeros",
}


@pytest.mark.parametrize("name", NO_MEDIA)
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mp3", "jpg"])
def test_what_is_no_media_is_called_what_it_is(
    name: str, suffix: str, binaries: Tools, tmp_path: Path
) -> None:
    path = tmp_path / f"upload.{suffix}"
    path.write_bytes(NO_MEDIA[name])
    with pytest.raises(Failure) as caught:
        probe.probe(str(path), binaries)
    assert caught.value.code is Code.INPUT_CORRUPTED
    assert f"This is not a media file: it is {SAID.get(name, 'text')}" in str(caught.value.message)


def test_a_film_that_was_cut_off_is_a_film(media: Media, binaries: Tools, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    whole = media.clip().read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Failure, match="index") as caught:
        probe.probe(str(path), binaries)
    assert caught.value.code is Code.INPUT_CORRUPTED


def test_a_format_that_is_not_read_is_named(media: Media, binaries: Tools) -> None:
    path = media.sound("o.ac3", "sine=duration=1")
    with pytest.raises(Failure, match="format, ac3, is not one of those that are read"):
        probe.probe(str(path), binaries)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00\x00\x00\x20ftypisom",
        b"\x1aE\xdf\xa3",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\xff\xfb\x90d",
    ],
)
def test_what_may_be_media_is_left_to_ffmpeg(head: bytes) -> None:
    assert kind_of(head) is None
