"""Presentation graphics (PGS): subtitles that are pictures."""

import struct


def presentation() -> bytes:
    """A white rectangle from 0.1 s on, taken away after 0.8 s, as Blu-ray discs store subtitles."""

    def segment(kind: int, at_s: float, body: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", round(at_s * 90_000), 0, kind, len(body)) + body

    width, height = 16, 8
    line = bytes((0, 0x80 | width, 1, 0, 0))  # a run of colour 1, the end of the line
    shown = struct.pack(">HHBHBBBB", 192, 144, 0x10, 0, 0x80, 0, 0, 1) + struct.pack(">HBBHH", 0, 0, 0, 20, 100)  # fmt: skip
    window = struct.pack(">BBHHHH", 1, 0, 20, 100, width, height)
    palette = bytes((0, 0, 1, 235, 128, 128, 255))
    drawn = struct.pack(">HBB", 0, 0, 0xC0) + (4 + len(line * height)).to_bytes(3, "big")
    drawn += struct.pack(">HH", width, height) + line * height
    gone = struct.pack(">HHBHBBBB", 192, 144, 0x10, 1, 0, 0, 0, 0)
    begin = [(0x16, shown), (0x17, window), (0x14, palette), (0x15, drawn), (0x80, b"")]
    end = [(0x16, gone), (0x17, window), (0x80, b"")]
    return b"".join(
        segment(kind, at_s, body)
        for at_s, segments in ((0.1, begin), (0.8, end))
        for kind, body in segments
    )
