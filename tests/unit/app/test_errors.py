import json
from pathlib import Path

from app.errors import Failure, FFmpegDetails, from_problems
from app.taxonomy import MEANINGS, Retryable
from operators.problem import Code, Problem
from tests.helpers import make_error_docs


def test_every_code_has_a_meaning_and_no_meaning_lacks_a_code() -> None:
    assert set(MEANINGS) == set(Code)
    assert len(Code) >= 60


def test_every_meaning_is_complete() -> None:
    for code, meaning in MEANINGS.items():
        assert 400 <= meaning.status <= 599, code
        assert meaning.message.endswith("."), code
        assert len(meaning.remedy) > 15, code
        assert meaning.severity in ("info", "warning", "error", "critical")


def test_what_the_client_did_wrong_is_never_tried_again() -> None:
    for meaning in MEANINGS.values():
        if meaning.category in ("validation", "permission") and meaning.status in (403, 422):
            assert meaning.retryable is Retryable.NOT_RETRYABLE


def test_the_error_object_has_every_field_and_is_json() -> None:
    details = FFmpegDetails(exit_code=1, command="ffmpeg", stderr_tail=("a",))
    failure = Failure(code=Code.FFMPEG_FAILED, ffmpeg=details)
    shown = json.loads(
        json.dumps(failure.to_json(job_id="j", step_id="s1", attempt=2, request_id="r"))
    )
    assert list(shown) == [
        "code", "message", "category", "severity", "retryable", "retry_after", "suggestion",
        "documentation", "job_id", "step_id", "attempt", "request_id", "errors", "ffmpeg",
    ]  # fmt: skip
    assert (shown["documentation"], shown["attempt"]) == ("/docs/errors/FFMPEG_FAILED", 2)
    assert shown["ffmpeg"] == {
        "exit_code": 1,
        "signal": None,
        "command": "ffmpeg",
        "stderr_tail": ["a"],
    }


def test_many_problems_make_one_failure() -> None:
    problems = [
        Problem(code=Code.INPUT_NOT_FOUND, pointer=f"/inputs/{n}", message="not there")
        for n in range(2)
    ]
    failure = from_problems(problems)
    assert (failure.code, failure.message) == (Code.INPUT_NOT_FOUND, "2 problems: not there; …")
    assert from_problems(problems[:1]).message == "Not there."


def test_the_page_of_codes_is_up_to_date() -> None:
    assert Path("docs/errors.md").read_text() == make_error_docs.written(), "run `make docs`"


def test_every_code_has_a_group_and_a_place_in_the_documentation() -> None:
    page = Path("docs/errors.md").read_text()
    for code, meaning in MEANINGS.items():
        assert meaning.group
        assert f"### {code}\n" in page
        assert Failure(code=code).to_json()["documentation"] == f"/docs/errors/{code}"
