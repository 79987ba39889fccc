"""Routes of /v1/api-keys: make, list and revoke credentials."""

from datetime import datetime
from typing import Any

from app.api.auth import requires, tenant
from app.api.body import Blueprint
from app.api.keys.schemas import KeyCreateSchema, KeyPageSchema, KeyQuerySchema, NewKeySchema
from app.api.paging import decode, show_page
from app.services import key_admin

keys = Blueprint("keys", __name__, url_prefix="/v1/api-keys", description="Credentials")


@keys.route("", methods=["POST"])
@requires("admin")
@keys.arguments(KeyCreateSchema)
@keys.response(201, NewKeySchema)
def create_key(wanted: dict[str, Any]) -> Any:
    """Make a key. This is the only time that it is shown."""
    return key_admin.create(**{**wanted, "tenant": wanted["tenant"] or tenant()})


@keys.route("", methods=["GET"])
@requires("admin")
@keys.arguments(KeyQuerySchema, location="query")
@keys.response(200, KeyPageSchema)
def list_keys(query: dict[str, Any]) -> Any:
    """List keys, the newest first, revoked ones included."""
    cursor = query.get("cursor")
    before = decode(cursor, datetime.fromisoformat, key_admin.as_key_id) if cursor else None
    return show_page(key_admin.page(query["tenant"], before, query["limit"]))


@keys.route("/<key_id>", methods=["DELETE"])
@requires("admin")
@keys.response(204)
def revoke_key(key_id: str) -> None:
    """Revoke a key: from now on it is refused. Again: the same."""
    key_admin.revoke(key_id)
