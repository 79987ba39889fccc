"""In which encoding a text is written, by what its bytes would say in each.

Byte order marks and UTF-8 are sure. Else: a code page of a language whose letters explain all that is
not ASCII; Windows-1252 where several do, or none. Data for the languages is below.
"""

import codecs
from collections.abc import Mapping

WEST = "cp1252"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_PUNCTUATION = set("‘’‚‛“”„–—…«»‹›¿¡§°©®™€£¢¥•·\u00a0\u00ad")
# letters beyond ASCII, by code page and language; lower case stands for both
_LATIN: Mapping[str, tuple[str, ...]] = {
    WEST: (
        "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíñóúüªº", "áâãàçéêíóôõúüªº", "àèéìòùîó", "åäöé", "æøåéòóô",
        "ëïéóèöüáí", "áðéíóúýþæö", "àçéèíïóòúü",
    ),
    "cp1250": (
        "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "ëç",
    ),
    "cp1254": ("çğıöşüâîûİ",),
    "cp1257": ("āčēģīķļņšūž", "ąčęėįšųūž", "äõöüšž"),
}  # fmt: skip
# the letters that a text in another script is mostly made of
_FREQUENT: Mapping[str, str] = {
    "cp1251": "оеаинтсрвлкд", "koi8_r": "оеаинтсрвлкд", "cp866": "оеаинтсрвлкд", "iso8859_5": "оеаинтсрвлкд",
    "cp1253": "αοιετσνηυρπκάόίέήύώς", "cp1255": "יוהלאמרתבשנכ", "cp1256": "اليمنوتربدكأ",
}  # fmt: skip
_WIDE: Mapping[str, str] = {
    "shift_jis": "のにはをたがでとしれさいるなっか", "euc_jp": "のにはをたがでとしれさいるなっか",
    "gb18030": "的一是不了人我在有他这来们", "big5": "的一是不了人我在有他這來們",
    "euc_kr": "이다는에가을의하고지나은를도",
}  # fmt: skip
_MOSTLY = 0.5
_WIDE_SHARE = 0.12


def encoding_of(raw: bytes) -> tuple[str, bool]:
    """Python's name of the encoding, and whether that is sure."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return name, True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)
        return "utf-8", True
    except UnicodeDecodeError:
        pass
    high = sum(byte >= 0x80 for byte in raw)
    letters = sum(byte >= 0x80 or chr(byte).isalpha() for byte in raw)
    if high < _MOSTLY * letters:
        return _latin(raw), False
    return _wide(raw) or _other_script(raw), False


def _decoded(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except UnicodeDecodeError:
        return None


def _latin(raw: bytes) -> str:
    """The code page whose best language leaves fewest letters unexplained; WEST where equal."""
    left = {
        name: min(_unexplained(text, set(letters)) for letters in languages)
        for name, languages in _LATIN.items()
        if (text := raw.decode(name, errors="replace"))
    }
    return min(left, key=lambda name: (left[name], name != WEST))


def _unexplained(text: str, letters: set[str]) -> int:
    return sum(
        char not in _PUNCTUATION and char.lower() not in letters and char not in letters
        for char in text
        if char > "\x7f"
    )


def _wide(raw: bytes) -> str | None:
    """A code page of two bytes a character, if the text holds enough of its commonest ones."""
    scores = {}
    for name, common in _WIDE.items():
        text = _decoded(raw, name)
        others = [char for char in text or "" if char > "\x7f"]
        if others:
            scores[name] = sum(char in common for char in others) / len(others)
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best and scores[best] >= _WIDE_SHARE else None


def _other_script(raw: bytes) -> str:
    def score(name: str) -> float:
        others = [char for char in raw.decode(name, errors="replace") if char > "\x7f"]
        common = sum(char.lower() in _FREQUENT[name] for char in others)
        # a text in the wrong page of its script has capitals for small letters
        capitals = sum(char.isupper() for char in others)
        return (common - capitals) / max(1, len(others))

    return max(_FREQUENT, key=score)
