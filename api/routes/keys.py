"""The caller's access, and the keys of its workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.idempotency import Keyed, Once, Reply
from api.requests import parse_body, read_body_json
from api.root_path import here
from api.schemas import Schema
from api.service import Admin, Reader
from forecast.access import Scope, create_key, list_keys, make_link, revoke_key
from forecast.access.keys import MAX_DAYS
from forecast.access.scopes import KeyRequestError
from forecast.jobs.quotas import Usage, read_usage
from forecast.store import KeyRepository, utc_now
from forecast.store.tables.access import ApiKeyRow

router = APIRouter(prefix="/v1", tags=["access"])

KeyId = Annotated[str, Path(description="Id of a key: the eight characters after `fc_`.")]

WithMade = Annotated[bool, Query(description="Whether the keys that it made are revoked as well, and so on.")]


class KeyView(Schema):
    """A key, without its secret part."""

    id: str
    """The eight characters after `fc_`."""
    workspace: str
    """Id of the workspace."""
    name: str
    """Owner or purpose of the key."""
    scopes: tuple[Scope, ...]
    """What the key may do."""
    created_at: datetime
    """When it was made (UTC)."""
    expires_at: datetime | None
    """When it expires (UTC); null: never."""
    revoked_at: datetime | None
    """When it was revoked (UTC); null while it is valid."""
    last_used_at: datetime | None
    """When it was last used (UTC), to the minute; null before the first use."""
    made_by: str | None
    """Id of the key that made it; null for one made on the machine of the database."""


class CreatedKey(KeyView):
    """A new key."""

    key: str
    """The key itself; shown once and not stored."""


class KeyList(Schema):
    """The keys of a workspace."""

    items: tuple[KeyView, ...]
    """Keys, newest first."""


class AccessView(Schema):
    """The caller, and how many jobs of the workspace's limits are in use."""

    workspace: str
    """Id of the workspace."""
    key: str
    """Id of the key, or of the key that signed the browser in."""
    name: str
    """Owner or purpose of the key."""
    scopes: tuple[Scope, ...]
    """What the key may do, implied scopes included."""
    usage: Usage
    """Jobs of the workspace and their limits."""


class SignInLink(Schema):
    """A link that signs one browser in."""

    address: str
    """Path on this service; valid once, for ten minutes."""


class KeyRequest(BaseModel):
    """A new key."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str
    """Owner or purpose of the key."""
    scopes: list[Scope]
    """What the key may do; only scopes that the caller has."""
    days: Annotated[int, Field(strict=True, ge=1, le=MAX_DAYS)] | None = None
    """Days until it expires, in whole days; null: never."""


_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": KeyRequest.model_json_schema()}}}
}


@router.get("/access", summary="Who I am here")
def show_access(service: Reader) -> AccessView:
    caller = service.caller
    with service.database.read() as session:
        usage = read_usage(session, service.job_limits, utc_now())
    return AccessView(
        workspace=caller.workspace,
        key=caller.key_id,
        name=caller.name,
        scopes=tuple(sorted(caller.scopes)),
        usage=usage,
    )


@router.post(
    "/sign-in-links",
    summary="Get a link that signs one browser in",
    operation_id="post_sign_in_link",
    response_model=SignInLink,
    status_code=201,
)
def post_link(service: Reader, keyed: Keyed) -> Response:
    """The browser can then do what this key can. What follows the `#` is not sent by browsers, so it is in no log."""
    once = keyed.once(service, None, seals=True)
    return once.answer(lambda: _make_link(once)).response()


def _make_link(once: Once) -> Reply:
    def make() -> Reply:
        link = SignInLink(address=here(f"/sign-in#{make_link(session, once.service.caller, utc_now())}"))
        return Reply.of(link.model_dump(mode="json"), 201, {"Cache-Control": "no-store"})

    with once.service.database.write() as session:
        return once.store(session, make)


@router.get("/keys", summary="List the keys of the workspace, newest first", operation_id="list_keys")
def show_keys(service: Admin) -> KeyList:
    with service.database.read() as session:
        return KeyList(items=tuple(view_key(row) for row in list_keys(session, service.workspace)))


@router.post("/keys", summary="Make a key", response_model=CreatedKey, status_code=201, openapi_extra=_BODY)
async def post_key(request: Request, service: Admin, keyed: Keyed) -> Response:
    """A key of the caller's workspace, with scopes that the caller has. It is shown once, and again when the request is
    repeated with its `Idempotency-Key`."""
    body = await read_body_json(request)
    wanted, once = parse_body(KeyRequest, body), keyed.once(service, body, seals=True)
    return (await run_in_threadpool(once.answer, lambda: _create(once, wanted))).response()


def _create(once: Once, wanted: KeyRequest) -> Reply:
    caller = once.service.caller
    if more := sorted(set(wanted.scopes) - caller.scopes):
        raise KeyRequestError(f"the key {caller.name!r} has not the scope {more[0]!r} itself, so it cannot pass it on")
    now = utc_now()

    def make() -> Reply:
        own = KeyRepository(session).get(caller.key_id)
        days: float | None = wanted.days
        if own is not None and own.expires_at is not None:
            # A key does not outlive the key that made it.
            left = (own.expires_at - now).total_seconds() / 86_400
            days = left if days is None else min(days, left)
        made = create_key(session, caller.workspace, wanted.name, wanted.scopes, now, days=days, made_by=caller.key_id)
        view = CreatedKey(**view_key(made.row).model_dump(), key=made.text)
        headers = {"Location": "/v1/keys", "Cache-Control": "no-store"}
        return Reply.of(view.model_dump(mode="json"), 201, headers)

    with once.service.database.write() as session:
        return once.store(session, make)


@router.delete("/keys/{key_id}", summary="Revoke a key", status_code=204)
def remove_key(key_id: KeyId, service: Admin, with_made: WithMade = False) -> Response:
    """The key stops working at once, and every browser that it signed in is signed out. With `with_made=true` the same
    goes for the keys that it made (`made_by`), the keys that these made, and so on."""
    with service.database.write() as session:
        revoke_key(
            session,
            key_id[:64].replace("\0", ""),
            utc_now(),
            workspace=service.workspace,
            made_by=service.caller.key_id,
            with_made=with_made,
        )
    return Response(status_code=204)


def view_key(row: ApiKeyRow) -> KeyView:
    """A key as others see it."""
    return KeyView.model_validate(row)
