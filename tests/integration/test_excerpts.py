"""Parts of real files, fetched by their index: what is read from them is what the whole would give."""

import subprocess
from pathlib import Path

import pytest

from app.engine import probe
from app.engine.storage import excerpt, outline
from app.engine.storage.fetch import Fetch
from app.engine.storage.http import HttpSource
from app.engine.tools import Tools
from app.engine.web.client import Web
from app.engine.web.guard import Guard
from app.errors import Failure
from tests.helpers.web import WebServer, web_server


def begun(web: WebServer, body: bytes, path: Path) -> Fetch:
    source = HttpSource(url=web.put("/x", body), web=Web(guard=Guard(allows_private=True)))
    return Fetch(source=source, known=source.describe(), path=str(path), most_bytes=1 << 40)


def hashes(path: Path, start: float, binaries: Tools) -> str:
    """Of the frames and samples of a second, read as a command of ours would read them."""
    words = ("-v", "error", "-ss", f"{max(0, start - 0.5):.3f}", "-i", str(path), "-map", "0:v:0?", "-map", "0:a:0?",
             "-t", "1.5", "-f", "framemd5", "-")  # fmt: skip
    done = subprocess.run([binaries.ffmpeg, *words], capture_output=True, text=True, check=True)
    return done.stdout


def test_parts_of_the_corpus_decode_as_the_whole_does(
    corpus: Path, binaries: Tools, tmp_path: Path
) -> None:
    seen = 0
    with web_server() as web:
        for path in sorted([*corpus.glob("*.mp4"), *corpus.glob("*.mov"), *corpus.glob("*.m4a")]):
            try:
                info = probe.probe(str(path), binaries)
            except Failure:
                continue
            length = (info.duration_ms or 0) / 1000
            for share in (0.0, 0.3, 0.6, 0.9):
                start = length * share
                fetch = begun(web, path.read_bytes(), tmp_path / "part")
                if not excerpt.bring(fetch, start, start + 1, binaries):
                    continue
                seen += 1
                assert hashes(tmp_path / "part", start, binaries) == hashes(
                    path, start, binaries
                ), (path.name, start)
    assert seen >= 40


def test_files_are_probed_by_their_outline(corpus: Path, binaries: Tools, tmp_path: Path) -> None:
    """Whatever the outline tells is what the whole file tells."""
    seen, refused = 0, set()
    with web_server() as web:
        for path in sorted(
            p for p in corpus.iterdir() if p.is_file() and p.stat().st_size > 300_000
        ):
            try:
                known = probe.probe(str(path), binaries)
            except Failure:
                continue
            fetch = begun(web, path.read_bytes(), tmp_path / "outline")
            try:
                found = outline.bring(fetch) and probe.probe(fetch.path, binaries, is_partial=True)
            except Failure:
                refused.add(path.name)
                continue  # then the whole is fetched
            if not found or not outline.tells(found):
                continue
            seen += 1
            for kind in ("video", "audio", "subtitles", "attached_pictures"):
                mine = [
                    (s.codec, getattr(s, "width", None), getattr(s, "channels", None))
                    for s in getattr(found, kind)
                ]
                theirs = [
                    (s.codec, getattr(s, "width", None), getattr(s, "channels", None))
                    for s in getattr(known, kind)
                ]
                assert mine == theirs, path.name
            assert abs((found.duration_ms or 0) - (known.duration_ms or 0)) < 100, path.name
    # its header alone tells its length, and not the true one
    assert "mkv_2audio_8subs.mkv" in refused
    assert seen + 1 >= 8


@pytest.mark.parametrize("kind", ["playlist", "text"])
def test_what_is_no_media_has_no_parts(kind: str, binaries: Tools, tmp_path: Path) -> None:
    body = {"playlist": b"#EXTM3U\n" * 100_000, "text": b"hello " * 100_000}[kind]
    with web_server() as web:
        fetch = begun(web, body, tmp_path / "x")
        assert not excerpt.bring(fetch, 0, 1, binaries)
        outline.bring(fetch)
        with pytest.raises(Failure):
            probe.probe(fetch.path, binaries, is_partial=True)
