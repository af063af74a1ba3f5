"""API keys: create, list, update, revoke. A key is shown once, when it is created."""

from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from signalbox.auth.manage_keys import CreateKeyRequest, ManageKeys
from signalbox.auth.update_key import UpdateKey, UpdateKeyRequest
from signalbox.http.crud import (
    IfMatch,
    IfNoneMatch,
    get_route,
    list_route,
    precondition_check,
    resource_response,
)
from signalbox.http.idempotency import idempotency_key
from signalbox.http.pagination import IdPath
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.keys import KEYS, CreateKeyResponse, KeyList, KeyStatus, KeyView
from signalbox.models.ids import KeyId
from signalbox.models.principal import ApiKey, Scope
from signalbox.services.ports.time import Clock

_KEY = f"{KEYS}/<key_id>"
_TAG = "keys"
_STAYS = "Roles and scopes cannot be changed: create another key."
_AT_ONCE = "It needs no If-Match, so that nothing delays a revocation. Repeating it is harmless."
_ONCE = (
    "A key has a role or a scope. A repeat under the same Idempotency-Key is answered with 409 "
    "`already_exists`, which names the key and does not show it again."
)


def _with_permissions(request: CreateKeyRequest) -> CreateKeyRequest:
    if not request.roles and not request.scopes:
        raise PydanticCustomError("opens_nothing", "a key has a role or a scope")
    return request


KeyBody = Annotated[CreateKeyRequest, AfterValidator(_with_permissions), Body()]


def add_keys(routes: Routes, *, manage: ManageKeys, update: UpdateKey, clock: Clock) -> None:
    """Add the routes."""

    @routes.add(list_route(KEYS, _TAG, Scope.KEYS_READ, "List the API keys", KeyList))
    def list_keys() -> Response[str]:
        return json_response(KeyList(items=tuple(_view(key, clock()) for key in manage.all())))

    @routes.add(get_route(_KEY, _TAG, Scope.KEYS_READ, "Get an API key", KeyView))
    def show_key(key_id: IdPath, known: IfNoneMatch = None) -> Response[str]:
        return resource_response(_view(manage.get(KeyId(key_id)), clock()), known)

    @routes.add(
        Route(
            method="POST",
            path=KEYS,
            scope=Scope.KEYS_WRITE,
            tag=_TAG,
            summary="Create an API key with at most your own permissions; it is shown only once",
            response_model=CreateKeyResponse,
            status=201,
            problems=(409,),
            more=_ONCE,
        )
    )
    def make_key(
        body: KeyBody,
        key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
    ) -> Response[str]:
        call = routes.call()
        made = manage.issue(body, call.caller, idempotency_key(key, call.request))
        view = _view(made.stored, clock())
        location = {"location": f"{KEYS}/{made.stored.id}"}
        return json_response(CreateKeyResponse(**view.__dict__, key=made.text), 201, location)

    @routes.add(
        Route(
            method="PATCH",
            path=_KEY,
            scope=Scope.KEYS_WRITE,
            tag=_TAG,
            summary="Change the name or the expiry of an API key",
            response_model=KeyView,
            problems=(404, 409, 412, 428),
            more=_STAYS,
        )
    )
    def change_key(
        key_id: IdPath, body: Annotated[UpdateKeyRequest, Body()], meant: IfMatch = None
    ) -> Response[str]:
        found = manage.get(KeyId(key_id))
        precondition_check(meant, None)(_view(found, clock()))
        return resource_response(_view(update(found, body, routes.call().caller), clock()))

    @routes.add(
        Route(
            method="DELETE",
            path=_KEY,
            scope=Scope.KEYS_WRITE,
            tag=_TAG,
            summary="Revoke an API key",
            response_model=KeyView,
            problems=(404,),
            more=_AT_ONCE,
        )
    )
    def revoke_key(key_id: IdPath) -> Response[str]:
        return json_response(_view(manage.revoke(KeyId(key_id)), clock()))


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
