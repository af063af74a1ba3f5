"""Roles: built-in and custom sets of scopes."""

from signalbox.auth.manage_keys import ManageRoles
from signalbox.http.crud import Crud, add_crud
from signalbox.http.routing import Routes
from signalbox.http.schemas.roles import RoleList
from signalbox.models.principal import BUILT_IN_ROLES, Role, Scope

ROLES = "/api/v1/roles"


def add_roles(routes: Routes, *, roles: ManageRoles) -> None:
    """Add the routes."""
    add_crud(
        routes,
        Crud(
            kind=Role,
            path=f"{ROLES}/<name>",
            list_model=RoleList,
            tag="keys",
            read=Scope.KEYS_READ,
            write=Scope.KEYS_WRITE,
            all=lambda: RoleList(items=tuple(roles.all()), built_in=tuple(BUILT_IN_ROLES)),
            get=roles.get,
            put=lambda role, context, check: roles.put(role, context.caller, check),
            remove=lambda role, check: roles.remove(role.name, check),
            summaries={
                "put": "Create or replace a role with at most your own permissions",
                "delete": "Delete a role that is not in use",
            },
        ),
    )
