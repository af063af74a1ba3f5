"""API keys: made, listed, revoked. A key itself is told once, to whoever makes it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header

from signalbox.auth.granting import GrantKeys, WantedKey
from signalbox.http.idempotency import idempotency_key
from signalbox.http.lists import Id
from signalbox.http.routing import Route, Routes, said
from signalbox.models.base import Model, Moment
from signalbox.models.ids import KeyId
from signalbox.models.principal import ApiKey, Scope
from signalbox.services.ports import Clock

KEYS = "/api/v1/keys"
_KEY = f"{KEYS}/<key_id>"
_TAG = "keys"


class KeyStatus(StrEnum):
    """Whether a key opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class KeyView(Model):
    """A key without what it is."""

    id: KeyId
    name: str
    status: KeyStatus
    roles: tuple[str, ...]
    scopes: tuple[Scope, ...]
    created_at: Moment
    created_by: str
    expires_at: Moment | None = None
    revoked_at: Moment | None = None


class KeyMade(KeyView):
    """A new key: `key` is what it is, told this once."""

    key: str


class KeyList(Model):
    """Every key, newest first."""

    items: tuple[KeyView, ...]


def add_keys(routes: Routes, *, grant: GrantKeys, clock: Clock) -> None:
    """Adds the routes."""

    @routes.add(_route("GET", KEYS, Scope.KEYS_READ, "List the API keys", KeyList))
    def list_keys() -> Response[str]:
        return said(KeyList(items=tuple(_view(key, clock()) for key in grant.all())))

    @routes.add(_route("GET", _KEY, Scope.KEYS_READ, "Show an API key", KeyView, 404))
    def show_key(key_id: Id) -> Response[str]:
        return said(_view(grant.get(KeyId(key_id)), clock()))

    @routes.add(
        Route(
            method="POST",
            path=KEYS,
            scope=Scope.KEYS_WRITE,
            tag=_TAG,
            summary="Make an API key that may do no more than the caller; it is shown this once",
            answers=KeyMade,
            status=201,
            refuses=(409,),
        )
    )
    def make_key(
        body: Annotated[WantedKey, Body()],
        key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
    ) -> Response[str]:
        call = routes.call()
        named = idempotency_key(key, call.request)
        made = grant.issue(body, call.caller, named.text if named else None)
        view = _view(made.stored, clock())
        location = {"location": f"{KEYS}/{made.stored.id}"}
        return said(KeyMade(**view.__dict__, key=made.text), 201, location)

    @routes.add(_route("DELETE", _KEY, Scope.KEYS_WRITE, "Revoke an API key", KeyView, 404))
    def revoke_key(key_id: Id) -> Response[str]:
        return said(_view(grant.revoke(KeyId(key_id)), clock()))


def _route(
    method: str, path: str, scope: Scope, summary: str, answers: type[Model], *refuses: int
) -> Route:
    return Route(
        method=method,
        path=path,
        scope=scope,
        tag=_TAG,
        summary=summary,
        answers=answers,
        refuses=refuses,
    )


def _view(key: ApiKey, now: datetime) -> KeyView:
    expired = key.expires_at is not None and key.expires_at <= now
    status = KeyStatus.EXPIRED if expired else KeyStatus.ACTIVE
    return KeyView(
        id=key.id,
        name=key.name,
        status=KeyStatus.REVOKED if key.revoked_at else status,
        roles=key.roles,
        scopes=key.scopes,
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )
