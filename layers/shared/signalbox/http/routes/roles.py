"""Roles: named sets of scopes, some built in, others named by operators."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from signalbox.auth.granting import NameRoles
from signalbox.http.lists import Id
from signalbox.http.routing import Routes, said
from signalbox.http.things import (
    IfMatch,
    IfNoneMatch,
    as_json,
    listing,
    must_match,
    nothing,
    put,
    putting,
    removing,
    showing,
    shown,
)
from signalbox.models.base import Model
from signalbox.models.errors import Conflict
from signalbox.models.principal import ROLES, Role, Scope

_ROLES = "/api/v1/roles"
_ROLE = f"{_ROLES}/<name>"
_TAG = "keys"

RoleBody = Annotated[Role, as_json(Role), Body()]


class RoleList(Model):
    """Every role; those in `built_in` are always there and stay what they are."""

    items: tuple[Role, ...]
    built_in: tuple[str, ...]


def add_roles(routes: Routes, *, roles: NameRoles) -> None:
    """Adds the routes."""

    @routes.add(listing(_ROLES, _TAG, Scope.KEYS_READ, "List the roles", RoleList))
    def list_roles() -> Response[str]:
        return said(RoleList(items=tuple(roles.all()), built_in=tuple(ROLES)))

    @routes.add(showing(_ROLE, _TAG, Scope.KEYS_READ, "Show a role", Role))
    def show_role(name: Id, known: IfNoneMatch = None) -> Response[str]:
        return shown(roles.get(name), known)

    @routes.add(
        putting(_ROLE, _TAG, Scope.KEYS_WRITE, "Name a role that may no more than you", Role)
    )
    def put_role(
        name: Id, body: RoleBody, meant: IfMatch = None, known: IfNoneMatch = None
    ) -> Response[str]:
        if body.name != name:
            raise Conflict("the body names another role than the path")
        new = roles.put(body, routes.call().caller, must_match(meant, known))
        return put(body, routes.call(), new=new)

    @routes.add(removing(_ROLE, _TAG, Scope.KEYS_WRITE, "Remove a role that nothing names"))
    def remove_role(name: Id, meant: IfMatch = None) -> Response[str]:
        roles.remove(name, must_match(meant, None))
        return nothing()
