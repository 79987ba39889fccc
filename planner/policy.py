"""What this server allows: roots, schemes, limits. A value that the caller makes from settings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from operators.parameters import Size
from operators.problem import Code, Problem
from planner.addresses import is_public
from planner.spec import LimitsSpec
from planner.uri import BadUri, Uri, is_inside, parse_uri

_NAME_BYTES = 255


@dataclass(frozen=True, kw_only=True)
class Policy:
    """`roots` are absolute folders, `prefixes` `bucket/path` of S3; `{tenant}` is replaced in both."""

    roots: tuple[str, ...]
    prefixes: tuple[str, ...] = ()
    allows_private: bool = False
    """Whether http sources may be on private networks: for development."""
    timeout: Fraction = Fraction(1800)
    max_duration: Fraction = Fraction(7200)
    max_resolution: Size = Size(width=3840, height=2160)
    max_output_size: int = 5_000_000_000
    max_memory: int = 4_000_000_000

    def check_source(self, text: str, at: str) -> list[Problem]:
        """May this be read? Judged by the text alone."""
        return self._check(text, at, self._readable, Code.INVALID_INPUT, "read")

    def check_destination(self, text: str, at: str) -> list[Problem]:
        """May this be written? Judged by the text alone."""
        found = self._check(text, at, self._writable, Code.INVALID_OUTPUT, "written")
        return found or _with_long_name(parse_uri(text), at)

    def check_webhook(self, text: str, at: str) -> list[Problem]:
        """May events be sent there? Judged by the text alone."""
        return self._check(text, at, ("https", "http"), Code.INVALID_JOB_SPEC, "called")

    @property
    def _writable(self) -> tuple[str, ...]:
        return ("file", "s3") if self.prefixes else ("file",)

    @property
    def _readable(self) -> tuple[str, ...]:
        return (*self._writable, "http", "https")

    def _check(
        self, text: str, at: str, schemes: Sequence[str], code: Code, verb: str
    ) -> list[Problem]:
        try:
            uri = parse_uri(text)
        except BadUri as bad:
            return [Problem(code=code, pointer=at, message=str(bad), suggestion=bad.suggestion)]
        if uri.scheme not in schemes:
            message = f"{uri.scheme}:// cannot be {verb} here"
            return [Problem(code=code, pointer=at, message=message, suggestion=_use(schemes))]
        if uri.scheme in ("http", "https"):
            return [] if self.allows_private or _may_be_public(uri) else [_private(uri, at)]
        return [] if self.is_inside(uri) else [self._outside(uri, at)]

    def is_inside(self, uri: Uri) -> bool:
        """Whether a file or object is below what the tenant may use, by its name alone."""
        if uri.scheme == "s3":
            return any(is_inside(uri.host + uri.path, prefix) for prefix in self.prefixes)
        return any(is_inside(uri.path, root) for root in self.roots)

    def _outside(self, uri: Uri, at: str) -> Problem:
        is_file = uri.scheme == "file"
        kind, setting = (
            ("folders", "MEDIA_ROOTS") if is_file else ("prefixes", "S3_ALLOWED_PREFIXES")
        )
        allowed = self.roots if is_file else [f"s3://{prefix}" for prefix in self.prefixes]
        return Problem(
            code=Code.INPUT_OUTSIDE_ROOTS,
            pointer=at,
            message=f"{uri.path if is_file else f's3://{uri.host}{uri.path}'} lies outside the {kind} that this server may use",
            suggestion=f"Allowed: {', '.join(allowed)} ({setting}).",
        )

    def check_limits(self, limits: LimitsSpec, at: str) -> list[Problem]:
        """A job's own limits may only tighten these."""
        most = self.max_resolution
        asked = limits.max_resolution
        loose = {
            "max_duration": _above(limits.max_duration, self.max_duration),
            "max_resolution": asked is not None
            and (asked.width > most.width or asked.height > most.height),
            "max_output_size": _above(limits.max_output_size, self.max_output_size),
            "max_memory": _above(limits.max_memory, self.max_memory),
        }
        return [
            Problem(
                code=Code.RESOURCE_LIMIT_EXCEEDED,
                pointer=f"{at}/{name}",
                message=f"{name} is above the server's own limit, {_shown(getattr(self, name))}",
                suggestion="A job may only tighten limits; leave it out to use the server's.",
            )
            for name, is_loose in loose.items()
            if is_loose
        ]

    def tightened(self, limits: LimitsSpec) -> LimitsSpec:
        """The limits that hold for a job: its own where set, else the server's."""
        return LimitsSpec(
            max_duration=limits.max_duration or self.max_duration,
            max_resolution=limits.max_resolution or self.max_resolution,
            max_output_size=limits.max_output_size or self.max_output_size,
            max_memory=limits.max_memory or self.max_memory,
        )


def _may_be_public(uri: Uri) -> bool:
    """False for a numeric host on a private network; what names mean is seen when they are asked."""
    host = uri.host.rpartition("]")[0].lstrip("[") or uri.host.partition(":")[0]
    try:
        return is_public(host)
    except ValueError:
        return host.rstrip(".") != "localhost"


def _private(uri: Uri, at: str) -> Problem:
    return Problem(
        code=Code.SSRF_BLOCKED,
        pointer=at,
        message=f"{uri.host} is not on the public internet",
        suggestion="Use a public address.",
    )


def _above(asked: Fraction | int | None, most: Fraction | int) -> bool:
    return asked is not None and asked > most


def _shown(limit: object) -> str:
    return f"{float(limit):g} s" if isinstance(limit, Fraction) else str(limit)


def _use(schemes: Iterable[str]) -> str:
    return f"Use {' or '.join(sorted(f'{scheme}://' for scheme in schemes))}."


def _with_long_name(uri: Uri, at: str) -> list[Problem]:
    """A name that file systems do not take. What a number makes too long is seen when the job is
    planned."""
    parts = uri.path.split("/") if uri.scheme == "file" else []
    if all(len(part.encode()) <= _NAME_BYTES for part in parts):
        return []
    message = f"a name in it is longer than the {_NAME_BYTES} bytes that file systems take"
    return [
        Problem(
            code=Code.INVALID_OUTPUT,
            pointer=at,
            message=message,
            suggestion="Choose a shorter name.",
        )
    ]
