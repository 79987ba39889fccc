"""Configuration: the one place that reads the environment. `.env.example` documents each name."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

from operators.parameters import Bool, Duration, Enum, Int, ParamType, Resolution, Size, String
from operators.reading import declared, param
from operators.rules import Rejected

TENANT_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"


def is_tenant(name: str) -> bool:
    """Whether a tenant may be called so; nothing behind it, a newline included."""
    return re.fullmatch(TENANT_PATTERN, name, re.ASCII) is not None


class BadSettings(Exception):
    """The environment cannot be used; the message names every variable that is wrong."""


_SECRET_LENGTH = 32
_COUNT = Int(min=1, max=1_000_000_000_000)
_SECONDS = Duration(min=Fraction(1, 10))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each field is the environment variable of the same name in capitals."""

    database_url: str = param(
        String(), "PostgreSQL; a bare postgresql:// is read as psycopg2",
        default="postgresql+psycopg2://localhost/media_pipeline",
    )  # fmt: skip
    redis_url: str = param(
        String(), "Redis or Valkey: redis://host:6379/0 or unix:///path?db=0", default="redis://localhost:6379/0"
    )  # fmt: skip
    media_roots: str = param(
        String(), "Folders that jobs may read and write, separated by colons; {tenant} is replaced",
        default="/media",
    )  # fmt: skip
    s3_allowed_prefixes: str = param(
        String(pattern=r"|(?:s3://)?[^\s,]+(?:,(?:s3://)?[^\s,]+)*"),
        "bucket/path that jobs may read and write, separated by commas; {tenant} is replaced; none by default",
        default="",
    )
    s3_endpoint_url: str = param(
        String(), "S3 server other than Amazon's, for example http://minio:9000", default=""
    )
    allow_private_networks: bool = param(
        Bool(), "Let sources and webhooks be on private networks: for development", default=False
    )
    work_dir: str = param(
        String(), "Work files of running jobs", default="/tmp/media-pipeline"
    )  # fmt: skip
    work_uri: str = param(
        String(pattern=r"|s3://[^/\s]+(/[^\s]*)?"),
        "Where work files go that workers without a common WORK_DIR share, for example s3://bucket/work",
        default="",
    )
    ffmpeg_binary: str = param(
        String(), "FFmpeg 5.1 to 9; empty: from PATH, else from wheels", default=""
    )
    ffprobe_binary: str = param(String(), "ffprobe; empty: from PATH, else from wheels", default="")
    ffmpeg_threads: int = param(
        Int(min=0, max=256), "Threads of one FFmpeg; 0: its own choice", default=0
    )
    media_slots: int = param(
        Int(min=0, max=256), "FFmpeg runs at once in a worker; 0: one a core", default=0
    )
    sandbox: str = param(
        Enum(values=("auto", "require")),
        "require: start nothing where FFmpeg cannot be kept from other files and the network",
        default="auto",
    )
    plan_optimize: bool = param(
        Bool(), "false runs every operation as a step of its own", default=True
    )
    plan_forks: str = param(
        Enum(values=("auto", "together", "apart")),
        "Outputs of one input: in one command, in a command each, or auto: apart where workers are free and it is worth it",
        default="auto",
    )
    auth_mode: str = param(
        Enum(values=("required", "off")), "API keys: required or off", default="required"
    )
    jwt_algorithm: str = param(
        Enum(values=("", "HS256", "RS256")),
        "How JWTs are signed; empty: none are taken",
        default="",
    )
    jwt_secret: str = param(String(), "The secret of HS256, of 32 characters at least", default="")
    jwt_jwks: str = param(
        String(), "The public keys of RS256: a JWKS, as a file or a URL", default=""
    )
    jwt_audience: str = param(
        String(), "The audience that tokens must be for; empty: any", default=""
    )
    jwt_issuer: str = param(String(), "The issuer that tokens must be from; empty: any", default="")
    rate_limit_per_minute: int = param(
        Int(min=0, max=1_000_000), "Requests of one API key a minute; 0: no limit", default=1000
    )
    rate_limit_submit_per_minute: int = param(
        Int(min=0, max=1_000_000),
        "Jobs that one API key may submit a minute; 0: no limit",
        default=100,
    )
    cors_origins: str = param(
        String(pattern=r"|\*|https?://[^\s,/]+(?:,https?://[^\s,/]+)*"),
        "Origins whose pages may call the API, separated by commas, or *; none by default",
        default="",
    )
    event_streams: int = param(
        Int(min=0, max=10_000),
        "Event streams of one API process at once; set by media-pipeline serve",
        default=48,
    )
    limit_duration: Fraction = param(Duration(), "Longest input", default=Fraction(7200))
    limit_resolution: Size = param(
        Resolution(), "Largest picture", default=Size(width=3840, height=2160)
    )
    limit_input_bytes: int = param(
        _COUNT, "Largest file that is fetched from elsewhere", default=20_000_000_000
    )
    limit_output_bytes: int = param(_COUNT, "Largest output", default=5_000_000_000)
    limit_concurrent_jobs: int = param(
        Int(min=1, max=100_000), "Jobs of one tenant that are worked on at once", default=5
    )
    limit_queued_jobs: int = param(
        Int(min=1, max=10_000_000), "Jobs of one tenant that may wait", default=10_000
    )
    limit_memory_bytes: int = param(_COUNT, "Most memory of one FFmpeg", default=4_000_000_000)
    default_timeout: Fraction = param(
        Duration(min=Fraction(1)), "Job timeout where the job sets none", default=Fraction(1800)
    )
    retention_jobs_days: int = param(
        Int(min=0, max=36_500), "How long jobs that ended are kept; 0: for ever", default=30
    )
    retention_work_hours: int = param(
        Int(min=0, max=8760), "How long work files of failed jobs stay", default=1
    )
    max_failures: int = param(
        Int(min=1, max=20), "Failures of a step before its job fails", default=3
    )
    retry_base_s: Fraction = param(
        _SECONDS, "First wait before a step is tried again", default=Fraction(10)
    )
    retry_max_s: Fraction = param(_SECONDS, "Longest such wait", default=Fraction(300))
    stall_timeout_s: Fraction = param(
        _SECONDS, "FFmpeg without any progress for so long is stopped", default=Fraction(120)
    )
    breaker_s: Fraction = param(
        _SECONDS,
        "A remote host that failed five times in a row is left alone for",
        default=Fraction(30),
    )
    lease_s: Fraction = param(
        _SECONDS, "A worker owns a step for so long unless it renews", default=Fraction(30)
    )
    heartbeat_s: Fraction = param(_SECONDS, "How often workers report", default=Fraction(10))
    stale_s: Fraction = param(
        _SECONDS, "A worker unheard for so long is offline", default=Fraction(30)
    )
    sweep_s: Fraction = param(
        _SECONDS, "How often beat repairs what got lost", default=Fraction(30)
    )
    drain_s: Fraction = param(
        Duration(), "A worker told to end may finish its steps for so long", default=Fraction(300)
    )
    visibility_timeout_s: Fraction = param(
        _SECONDS, "Redis redelivers unacknowledged messages after", default=Fraction(3600)
    )
    worker_id: str = param(
        String(), "Name of this worker process; set by media-pipeline worker", default=""
    )
    worker_share: int = param(
        Int(min=0, max=256),
        "Tasks of this worker that one tenant may have at once; 0: all; set by media-pipeline worker",
        default=0,
    )
    worker_slots: int = param(
        Int(min=0, max=256),
        "Tasks at once that this worker is there for; set by media-pipeline worker",
        default=0,
    )
    supervisor_pid: int = param(
        Int(min=0),
        "Without this process its workers end; set by media-pipeline up and run",
        default=0,
    )
    unsteady_file: str = param(
        String(),
        "Where media-pipeline up names the processes that do not stay up, for /readyz; set by it",
        default="",
    )
    metrics_listen: str = param(
        String(pattern=r"|\S*:[0-9]{1,5}"),
        "Where a worker shows /metrics and /healthz, for example 0.0.0.0:9540; empty: nowhere",
        default="",
    )
    metrics_public: bool = param(
        Bool(), "Show /metrics to everybody, not to administrators alone", default=False
    )
    otel_exporter_otlp_endpoint: str = param(
        String(), "Where traces go, by OTLP over HTTP; empty: nothing is traced", default=""
    )
    otel_traces_exporter: str = param(
        Enum(values=("", "otlp", "console", "none")),
        "otlp, console or none; empty: otlp where an endpoint is set",
        default="",
    )
    otel_service_name: str = param(String(), "Whose spans they are", default="media-pipeline")
    otel_sdk_disabled: bool = param(Bool(), "Trace nothing whatever else is set", default=False)
    log_level: str = param(
        Enum(values=("debug", "info", "warning", "error")),
        "Least level that is logged",
        default="info",
    )
    log_format: str = param(
        Enum(values=("console", "json")), "How log lines look", default="console"
    )

    @property
    def slots(self) -> int:
        return self.media_slots or len(os.sched_getaffinity(0))

    @property
    def command_cores(self) -> int:
        """Cores that one FFmpeg can use."""
        cores = len(os.sched_getaffinity(0))
        return min(self.ffmpeg_threads, cores) if self.ffmpeg_threads else cores

    def roots(self, tenant: str) -> tuple[str, ...]:
        """The folders of one tenant, absolute: as they are named, and where they really are."""
        parts = _of_tenant(self.media_roots.split(":"), tenant)
        both = [form(part) for part in parts for form in (os.path.abspath, os.path.realpath)]
        return tuple(dict.fromkeys(both))

    def prefixes(self, tenant: str) -> tuple[str, ...]:
        """`bucket/path` of S3 that one tenant may read and write."""
        parts = _of_tenant(self.s3_allowed_prefixes.split(","), tenant)
        return tuple(part.removeprefix("s3://") for part in parts)


def _of_tenant(parts: Sequence[str], tenant: str) -> list[str]:
    if not is_tenant(tenant):
        return []  # a name such as ".." would widen them
    return [part.replace("{tenant}", tenant) for part in parts if part]


# a duration variable may be a bare number of seconds: environments have no numbers
def _read(parameter_type: ParamType, text: str) -> Any:
    is_bare = isinstance(parameter_type, Duration) and text.replace(".", "", 1).isdigit()
    return parameter_type.convert(text + "s" if is_bare else text)


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment; empty variables count as unset, and `NAME_FILE` names a file
    that holds the value of `NAME`, as secrets of containers do. Raises: BadSettings."""
    values, wrong = {}, []
    for name, parameter in declared(Settings).items():
        try:
            text = from_environment(environ, name.upper())
        except BadSettings as unreadable:
            wrong.append(str(unreadable))
            continue
        if not text:
            continue
        try:
            values[name] = _read(parameter.type, text)
        except Rejected as rejected:
            wrong.append(f"{name.upper()} {rejected}")
    wrong += _wrong_together(values)
    if wrong:
        raise BadSettings("; ".join(wrong))
    return Settings(**values)


def from_environment(environ: Mapping[str, str], name: str) -> str:
    """A variable's text, or that of the file that `NAME_FILE` names; empty where neither is set.

    Raises: BadSettings.
    """
    text, path = environ.get(name, ""), environ.get(f"{name}_FILE", "")
    if text or not path:
        return text
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{name}_FILE cannot be read: {error}") from error


def _wrong_together(values: Mapping[str, Any]) -> list[str]:
    """What only shows when several variables are seen together."""
    algorithm = values.get("jwt_algorithm")
    if algorithm == "HS256" and len(values.get("jwt_secret", "")) < _SECRET_LENGTH:
        return [f"JWT_SECRET must have {_SECRET_LENGTH} characters at least for HS256"]
    if algorithm == "RS256" and not values.get("jwt_jwks"):
        return ["JWT_JWKS must be set for RS256"]
    return []


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    found = load(os.environ)
    # links on the way to it are the operator's; in what is opened below it, none is followed
    return replace(found, work_dir=os.path.realpath(found.work_dir))
