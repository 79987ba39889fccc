"""In which encoding a text is written, by what its bytes would say in each.

Byte order marks and UTF-8 are sure. Else: a code page of a language whose letters explain all that is
not ASCII; Windows-1252 where several do, or none. Data for the languages is below. Only the beginning
of a text is weighed: a request may wait for this, and a text may be large.
"""

import codecs
from collections import Counter
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
_WEIGHED_BYTES = 256 << 10
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
    raw = raw[:_WEIGHED_BYTES]
    counts = Counter(raw)
    high = sum(count for byte, count in counts.items() if byte >= 0x80)
    letters = high + sum(
        count for byte, count in counts.items() if byte < 0x80 and chr(byte).isalpha()
    )
    if high < _MOSTLY * letters:
        return _latin(counts), False
    return _wide(raw) or _other_script(counts), False


def _others(counts: Counter[int], page: str) -> Counter[str]:
    """What is not ASCII of a text in a page of one byte a character, by how often it stands there."""
    found: Counter[str] = Counter()
    for byte, count in counts.items():
        if byte >= 0x80:
            found[bytes([byte]).decode(page, errors="replace")] += count
    return found


def _latin(counts: Counter[int]) -> str:
    """The code page whose best language leaves fewest letters unexplained; WEST where equal."""
    left = {
        page: min(_unexplained(_others(counts, page), set(letters)) for letters in languages)
        for page, languages in _LATIN.items()
    }
    return min(left, key=lambda page: (left[page], page != WEST))


def _unexplained(others: Counter[str], letters: set[str]) -> int:
    return sum(
        count
        for char, count in others.items()
        if char not in _PUNCTUATION and char.lower() not in letters and char not in letters
    )


def _wide(raw: bytes) -> str | None:
    """A code page of two bytes a character, if the text holds enough of its commonest ones."""
    scores = {}
    for page, common in _WIDE.items():
        try:
            # the last character may be cut
            chars = Counter(codecs.getincrementaldecoder(page)().decode(raw))
        except UnicodeDecodeError:
            continue
        others = sum(count for char, count in chars.items() if char > "\x7f")
        scores[page] = sum(chars[char] for char in set(common)) / max(1, others)
    best = max(scores, key=lambda page: scores[page], default=None)
    return best if best and scores[best] >= _WIDE_SHARE else None


def _other_script(counts: Counter[int]) -> str:
    def score(page: str) -> float:
        others = _others(counts, page)
        common = sum(count for char, count in others.items() if char.lower() in _FREQUENT[page])
        # a text in the wrong page of its script has capitals for small letters
        capitals = sum(count for char, count in others.items() if char.isupper())
        return (common - capitals) / max(1, others.total())

    return max(_FREQUENT, key=score)
