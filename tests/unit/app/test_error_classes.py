"""Every exception of ours is known here: what becomes of it where a user could meet it."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest
from flask import Flask

import app
import operators
import planner
import tasks
from app.errors import Failure
from app.factory import create_app
from operators.problem import Code, Invalid, Problem

# shown by the API and by the command line
SHOWN = {"app.errors.Failure", "operators.problem.Invalid"}
# shown by the command line alone, before there is a service
AT_START = {
    "app.embedded.supervisor.KeepsFailing", "app.embedded.server.CannotStart", "app.settings.BadSettings",
    "app.cli.remote.Stopped", "operators.registry.DuplicateOperator",
    "operators.registry.UndeclaredCapability",
}  # fmt: skip
# shown by the Python client, to who calls it
OF_CLIENT = {"app.client.ApiError", "app.client.ServerUnreachable", "app.client.JobTimeout"}
# shown by Flower
IN_TASKS = {"tasks.failed.TaskFailed"}
# always caught where they are meant, and turned into problems
WITHIN = {
    "operators.contract.BadParameters", "operators.rules.Rejected", "operators.duration.BadDuration",
    "planner.uri.BadUri", "app.services.step_lease.LeaseEnded",
    "app.services.stored_plan.LaterPlan",
    "app.engine.web.guard.Blocked", "app.engine.web.guard.Unresolved", "app.engine.web.client.Unreachable",
    "planner.plan.versions.NewerPlan", "app.services.job_plan.NotWanted", "app.services.job_plan.TakesLong", "app.engine.ffprobe._Left",
}  # fmt: skip


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def test_every_exception_class_has_its_place() -> None:
    ours = {
        f"{cls.__module__}.{cls.__name__}"
        for package in (app, operators, planner, tasks)
        for module in _modules(package)
        for cls in vars(module).values()
        if inspect.isclass(cls) and issubclass(cls, BaseException)
        if cls.__module__ == module.__name__
    }
    assert ours == SHOWN | AT_START | OF_CLIENT | IN_TASKS | WITHIN


@pytest.fixture
def failing() -> Flask:
    made = create_app()

    @made.get("/raise/<name>")
    def _raise(name: str) -> str:
        raise RAISED[name]

    return made


RAISED: dict[str, Exception] = {
    "failure": Failure(code=Code.STALLED),
    "invalid": Invalid([Problem(code=Code.UNKNOWN_FIELD, message="unknown", pointer="/x")]),
    "fault": RuntimeError("postgresql://me:hunter2@db/x at /srv/secret/path"),
    "fault of a library": KeyError("hunter2"),
}
MEANT = {
    "failure": (504, "STALLED"),
    "invalid": (422, "INVALID_JOB_SPEC"),
    "fault": (500, "INTERNAL_ERROR"),
    "fault of a library": (500, "INTERNAL_ERROR"),
}


@pytest.mark.parametrize("name", RAISED)
def test_whatever_is_raised_becomes_an_error_object(failing: Flask, name: str) -> None:
    answer = failing.test_client().get(f"/raise/{name}")
    document = answer.get_json()
    assert (answer.status_code, document["code"]) == MEANT[name]
    assert answer.content_type == "application/problem+json"
    assert document["request_id"]
    for secret in ("hunter2", "/srv", "Traceback", "RuntimeError", "KeyError"):
        assert secret not in answer.text


@pytest.mark.parametrize("code", Code)
def test_every_code_can_be_shown(failing: Flask, code: Code) -> None:
    RAISED["any"] = Failure(code=code)
    answer = failing.test_client().get("/raise/any")
    document = answer.get_json()
    assert (document["code"], document["status"]) == (code, answer.status_code)
    assert document["type"] == document["documentation"] == f"/docs/errors/{code}"
    page = failing.test_client().get(document["documentation"])
    assert page.status_code == 200
    assert document["suggestion"]
    del RAISED["any"]
