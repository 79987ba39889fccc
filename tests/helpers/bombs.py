"""Files of a few hundred bytes that ask their readers for gigabytes, or for ever."""

import struct


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, *content: bytes) -> bytes:
    return _box(kind, bytes(4), *content)


def _ints(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def mp4_index(samples: int) -> bytes:
    """An MP4 of a kilobyte that says it has so many frames: FFmpeg keeps 24 bytes for each."""
    matrix = _ints(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    entry = _box(
        b"avc1", bytes(6), b"\0\1", bytes(16), struct.pack(">HH", 64, 64),
        _ints(0x480000, 0x480000, 0), b"\0\1", bytes(32), b"\0\x18\xff\xff",
    )  # fmt: skip
    table = _box(
        b"stbl",
        _full(b"stsd", _ints(1), entry),
        _full(b"stts", _ints(2, samples - 1, 1, 1, 2)),
        _full(b"stsc", _ints(1, 1, samples, 1)),
        _full(b"stsz", _ints(1, samples)),
        _full(b"stco", _ints(1, 8)),
    )
    media = _box(
        b"mdia",
        _full(b"mdhd", _ints(0, 0, 1000, 1000), b"\x55\xc4\0\0"),
        _full(b"hdlr", _ints(0), b"vide", bytes(12), b"v\0"),
        _box(
            b"minf",
            _full(b"vmhd", bytes(8)),
            _box(b"dinf", _full(b"dref", _ints(1), _full(b"url "))),
            table,
        ),
    )
    header = _full(
        b"mvhd", _ints(0, 0, 1000, 1000, 0x10000), b"\1\0", bytes(10), matrix, bytes(24), _ints(2)
    )
    track = _box(
        b"tkhd", b"\0\0\0\7", _ints(0, 0, 1, 0, 1000), bytes(16), matrix, _ints(64 << 16, 64 << 16)
    )
    movie = _box(b"moov", header, _box(b"trak", track, media))
    return _box(b"ftyp", b"isom\0\0\2\0isommp41") + movie + _box(b"mdat", bytes(400))


def srt(body: str) -> bytes:
    """A subtitle file with one long text."""
    return f"1\n00:00:00,000 --> 00:00:02,000\n{body}\n".encode()


TEXTS = {
    "braces": "{" * 1_000_000,
    "overrides": "{\\b1" * 250_000,
    "angles": "<" * 1_000_000,
    "tags": "<b " * 330_000,
    "entities": "&" * 1_000_000,
    "lines": "\n" * 1_000_000 + "x",
    "arrows": "00:00:00,000 --> " * 60_000,
    "backslashes": "\\" * 1_000_000,
}
