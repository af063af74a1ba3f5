"""Roles: built-in and custom sets of scopes."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from signalbox.auth.manage_keys import ManageRoles
from signalbox.http.crud import (
    IfMatch,
    IfNoneMatch,
    as_json,
    delete_route,
    get_route,
    list_route,
    no_content,
    precondition_check,
    put_response,
    put_route,
    resource_response,
)
from signalbox.http.pagination import IdPath
from signalbox.http.routing import Routes, json_response
from signalbox.http.schemas.roles import RoleList
from signalbox.models.errors import Conflict
from signalbox.models.principal import BUILT_IN_ROLES, Role, Scope

_ROLES = "/api/v1/roles"
_ROLE = f"{_ROLES}/<name>"
_TAG = "keys"

RoleBody = Annotated[Role, as_json(Role), Body()]


def add_roles(routes: Routes, *, roles: ManageRoles) -> None:
    """Add the routes."""

    @routes.add(list_route(_ROLES, _TAG, Scope.KEYS_READ, "List the roles", RoleList))
    def list_roles() -> Response[str]:
        return json_response(RoleList(items=tuple(roles.all()), built_in=tuple(BUILT_IN_ROLES)))

    @routes.add(get_route(_ROLE, _TAG, Scope.KEYS_READ, "Get a role", Role))
    def show_role(name: IdPath, known: IfNoneMatch = None) -> Response[str]:
        return resource_response(roles.get(name), known)

    @routes.add(
        put_route(
            _ROLE,
            _TAG,
            Scope.KEYS_WRITE,
            "Create or replace a role with at most your own permissions",
            Role,
        )
    )
    def put_role(
        name: IdPath, body: RoleBody, meant: IfMatch = None, known: IfNoneMatch = None
    ) -> Response[str]:
        if body.name != name:
            raise Conflict("the body names another role than the path")
        new = roles.put(body, routes.call().caller, precondition_check(meant, known))
        return put_response(body, routes.call(), new=new)

    @routes.add(delete_route(_ROLE, _TAG, Scope.KEYS_WRITE, "Delete a role that is not in use"))
    def remove_role(name: IdPath, meant: IfMatch = None) -> Response[str]:
        roles.remove(name, precondition_check(meant, None))
        return no_content()
