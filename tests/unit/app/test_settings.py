from fractions import Fraction
from pathlib import Path

import pytest

from app import settings
from app.settings import BadSettings, Settings
from operators.reading import declared

ROOT = Path(__file__).parents[3]
# for one process of ours to tell another, not for people to set
INTERNAL = {"WORKER_ID", "WORKER_SLOTS", "WORKER_SHARE", "UNSTEADY_FILE", "SUPERVISOR_PID"}


def test_the_example_names_every_variable() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")}
    assert named == {name.upper() for name in declared(Settings)} - INTERNAL


def test_the_example_gives_the_defaults() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert settings.load(given) == Settings()


def test_seconds_may_be_bare_numbers() -> None:
    found = settings.load(
        {"LEASE_S": "2.5", "DEFAULT_TIMEOUT": "1h", "MEDIA_SLOTS": "3", "SWEEP_S": ""}
    )
    assert (found.lease_s, found.default_timeout, found.slots) == (Fraction(5, 2), 3600, 3)
    assert found.sweep_s == 30


def test_every_wrong_variable_is_named() -> None:
    with pytest.raises(BadSettings, match=r"AUTH_MODE must be one of .*LEASE_S"):
        settings.load({"LEASE_S": "long", "AUTH_MODE": "maybe"})


def test_roots_belong_to_a_tenant() -> None:
    found = settings.load({"MEDIA_ROOTS": "/srv/{tenant}/media:/shared"})
    assert found.roots("acme") == ("/srv/acme/media", "/shared")


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:p@db/x\n")
    assert settings.load({"DATABASE_URL_FILE": str(secret)}).database_url == "postgresql://u:p@db/x"
    both = {"DATABASE_URL_FILE": str(secret), "DATABASE_URL": "postgresql://here"}
    assert settings.load(both).database_url == "postgresql://here"
    with pytest.raises(BadSettings, match="JWT_SECRET_FILE cannot be read"):
        settings.load({"JWT_SECRET_FILE": str(tmp_path / "none")})
