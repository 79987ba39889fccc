"""Write `operators/glyphs.py` from the bundled fonts (`make glyphs`)."""

import sys
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont

FONTS = {
    "DejaVu Sans": "DejaVuSans.ttf",
    "DejaVu Sans Bold": "DejaVuSans-Bold.ttf",
    "DejaVu Sans Mono": "DejaVuSansMono.ttf",
    "WenQuanYi Micro Hei": "wqy-microhei.ttc",
}
FOLDER = Path("app/engine/fonts")
_HEAD = '''"""Which characters the bundled fonts can draw: written from the fonts by `make glyphs`.

Code points in hexadecimal, by font name; `FILES` has the file of each font.
"""
'''


def code_points(file: str) -> list[int]:
    path = FOLDER / file
    font = TTCollection(path).fonts[0] if file.endswith("ttc") else TTFont(path)
    return sorted(font.getBestCmap())


def ranges(points: list[int]) -> str:
    found: list[list[int]] = []
    for point in points:
        if found and point == found[-1][1] + 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in found)


def written() -> str:
    files = "\n".join(f'    "{name}": "{file}",' for name, file in FONTS.items())
    lines = [_HEAD, "FILES = {", files, "}", "", "# fmt: off", "RANGES = {"]
    for name, file in FONTS.items():
        text = ranges(code_points(file))
        words, rows = text.split(), []
        row = ""
        for word in words:
            if len(row) + len(word) > 110:
                rows.append(row)
                row = ""
            row += word + " "
        rows.append(row.rstrip())
        body = "\n".join(f'        "{row}"' for row in rows)
        lines += [f'    "{name}": (', body, "    ),"]
    return "\n".join([*lines, "}", "# fmt: on", ""])


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "operators/glyphs.py").write_text(written())
