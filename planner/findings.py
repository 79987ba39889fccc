"""What went wrong, or is worth saying, about one output."""

from dataclasses import dataclass, field

from operators.problem import Code, Problem


@dataclass(kw_only=True)
class Findings:
    """What went wrong or is worth saying about one output."""

    at: str
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def fail(self, code: Code, below: str, message: str, suggestion: str | None = None) -> None:
        self.problems.append(
            Problem(code=code, pointer=self.at + below, message=message, suggestion=suggestion)
        )

    def warn(self, code: Code, below: str, message: str) -> None:
        self.warnings.append(Problem(code=code, pointer=self.at + below, message=message))
