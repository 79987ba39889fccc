"""/v1/api-keys over a real database: made once, listed without secrets, refused when over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.factory import create_app
from app.services import api_keys
from app.store.session import transaction

pytestmark = pytest.mark.server


@pytest.fixture
def client(database: str) -> Iterator[FlaskClient]:
    with create_app().test_client() as made:
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {api_keys.create('ops', 'admin')}"
        yield made


def works(client: FlaskClient, key: str) -> int:
    return client.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"}).status_code


def make(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    answer = client.post("/v1/api-keys", json={"name": "backend", **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_key_is_made_used_listed_and_revoked(client: FlaskClient) -> None:
    made = make(client, tenant="acme", scopes=["jobs:read"])
    assert list(made) == ["key_id", "key", "name", "tenant", "scopes", "created_at", "expires_at"]
    assert made["key"].startswith(f"mp_live_{made['key_id']}_")
    assert works(client, made["key"]) == 200
    listed = client.get("/v1/api-keys?tenant=acme").get_json()["data"]
    (row,) = [key for key in listed if key["key_id"] == made["key_id"]]
    assert "key" not in row
    assert row["last_used_at"]
    assert made["key"].rpartition("_")[2] not in str(listed)
    path = f"/v1/api-keys/{made['key_id']}"
    assert [client.delete(path).status_code for _ in range(2)] == [204, 204]
    assert works(client, made["key"]) == 401
    for nobody in ("nobody", "%00", "x" * 12):
        answer = client.delete(f"/v1/api-keys/{nobody}")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND")


def test_the_tenant_is_the_callers_unless_named(client: FlaskClient) -> None:
    assert make(client)["tenant"] == "ops"
    assert make(client)["scopes"] == ["jobs:read", "jobs:write"]


def test_an_expired_key_is_refused(client: FlaskClient) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = make(client, expires_at=soon.isoformat())
    assert works(client, made["key"]) == 200
    with transaction() as session:
        session.execute(
            text("UPDATE api_keys SET expires_at = now() WHERE key_id = :id"),
            {"id": made["key_id"]},
        )
    assert works(client, made["key"]) == 401


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a\0b"}, "/name"),
        ({"name": "\ud800"}, "/name"),
        ({"name": "x", "expires_at": "9999-12-31T23:59:59-12:00"}, "/expires_at"),
        ({"name": "x", "scopes": ["root"]}, "/scopes/0"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "tenant": "../etc"}, "/tenant"),
        ({"name": "x", "tenant": "acme\n"}, "/tenant"),
        ({"name": "x", "tenant": "acme\u2028"}, "/tenant"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00"}, "/expires_at"),
        ({"name": "x", "colour": "red"}, "/colour"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(
    client: FlaskClient, fields: dict[str, Any], pointer: str
) -> None:
    answer = client.post("/v1/api-keys", json=fields)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


def test_keys_page_by_cursor(client: FlaskClient) -> None:
    made = [make(client, tenant="paged")["key_id"] for _ in range(5)]
    found, cursor = [], ""
    while True:
        page = client.get(f"/v1/api-keys?tenant=paged&limit=2{cursor}").get_json()
        found += [key["key_id"] for key in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == made[::-1]
