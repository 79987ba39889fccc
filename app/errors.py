"""The one error object that jobs, steps, attempts, logs, webhooks and responses share.

What the codes mean is in `app.taxonomy`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.taxonomy import MEANINGS, Meaning, Retryable, documentation
from operators.problem import Code, Problem


@dataclass(frozen=True, kw_only=True)
class FFmpegDetails:
    """What is known of the FFmpeg run that failed; paths are shown as tokens."""

    exit_code: int | None = None
    signal: str | None = None
    command: str | None = None
    stderr_tail: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "exit_code": self.exit_code, "signal": self.signal, "command": self.command,
            "stderr_tail": list(self.stderr_tail),
        }  # fmt: skip


@dataclass(kw_only=True)
class Failure(Exception):
    """Something that a user will be told: a code, its own sentence, and what is known."""

    code: Code
    message: str | None = None
    problems: Sequence[Problem] = ()
    suggestion: str | None = None
    ffmpeg: FFmpegDetails | None = None
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message or self.meaning.message}"

    @property
    def meaning(self) -> Meaning:
        return MEANINGS[self.code]

    @property
    def is_retryable(self) -> bool:
        return self.meaning.retryable is Retryable.RETRYABLE

    def to_json(self, **context: Any) -> dict[str, Any]:
        """The error object; `context` fills job_id, step_id, attempt, request_id."""
        only = self.problems[0] if len(self.problems) == 1 else None
        return {
            "code": self.code.value,
            "message": self.message or self.meaning.message,
            "category": self.meaning.category.value,
            "severity": self.meaning.severity,
            "retryable": self.meaning.retryable.value,
            "retry_after": self.retry_after,
            "suggestion": self.suggestion or (only and only.suggestion) or self.meaning.remedy,
            "documentation": documentation(self.code),
            "job_id": context.get("job_id"),
            "step_id": context.get("step_id"),
            "attempt": context.get("attempt"),
            "request_id": context.get("request_id"),
            "errors": [problem.to_json() for problem in self.problems],
            "ffmpeg": self.ffmpeg.to_json() if self.ffmpeg else None,
        }


def from_problems(problems: Sequence[Problem], code: Code | None = None) -> Failure:
    """One failure for all problems: their own code where they share the first one's meaning."""
    first = problems[0]
    message = (
        first.message if len(problems) == 1 else f"{len(problems)} problems: {first.message}; …"
    )
    return Failure(code=code or first.code, message=_sentence(message), problems=problems)


def field_failure(
    code: Code, at: str, what: str, suggestion: str, message: str | None = None
) -> Failure:
    """A request fails for one field of it: `at` is a pointer, `what` a sentence that goes on from
    there, `message` that of the whole where the code's own does not do."""
    problem = Problem(code=code, pointer=at, message=what, suggestion=suggestion)
    return Failure(code=code, message=message, problems=[problem])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "…")) else ".")
