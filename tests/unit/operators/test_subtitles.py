"""`subtitles`: how a file is written is asked for, told or guessed."""

from dataclasses import replace

from operators.graphics.subtitles import Subtitles
from operators.media import MediaInfo, SubtitleStream
from tests.helpers.infos import clip


def test_a_guess_of_how_letters_are_written_is_told() -> None:
    operator = Subtitles()
    words = MediaInfo(
        subtitles=(SubtitleStream(codec="subrip"),), guessed_encoding="cp1252", tags={}
    )
    (said,) = operator.remarks([clip(), words])
    assert "cp1252" in said.message
    named = Subtitles(encoding="cp1250")
    assert not named.remarks([clip(), words])
    assert not operator.remarks([clip(), replace(words, guessed_encoding=None)])
