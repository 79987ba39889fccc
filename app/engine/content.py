"""What a file is that is no media, told by its bytes: FFmpeg's words about it would mislead."""

from codecs import getincrementaldecoder

from app.engine.storage import folders
from app.errors import Failure
from operators.problem import Code

_HEAD_BYTES = 4096
_SIGNATURES = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
)
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body")
_MISREAD = frozenset(
    {Code.INPUT_CORRUPTED, Code.MEDIA_PROBE_FAILED, Code.FORMAT_BLOCKED, Code.DECODING_FAILED}
)


def kind_of(head: bytes) -> str | None:
    """What begins so, in words, if it is certainly no media: `a PDF document`."""
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head and not head.strip(b"\x00"):
        return "nothing but zeros"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(_PAGES):
        return "an HTML page"
    return "text" if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Whether this is UTF-8 without control characters; its last character may be cut."""
    try:
        text = getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and all(c.isprintable() or c in "\t\r\n\f" for c in text)


def explained(failure: Failure, path: str) -> Failure:
    """A failure to read a file in better words, where the file's bytes have them."""
    if failure.code not in _MISREAD:
        return failure
    with folders.reading(path) as file:
        found = kind_of(file.read(_HEAD_BYTES))
    if found is None:
        return failure
    advice = {
        "an HTML page": "Open its address in a browser: a server may answer with a page that says what is wrong.",
        "nothing but zeros": "Copy or download it again: that did not finish.",
    }  # fmt: skip
    return Failure(
        code=Code.INPUT_CORRUPTED,
        message=f"This is not a media file: it is {found}.",
        suggestion=advice.get(found),
    )
