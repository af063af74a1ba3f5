"""Build the routes of API keys and roles."""

from signalbox.auth.manage_keys import ManageKeys, ManageRoles
from signalbox.auth.update_key import UpdateKey
from signalbox.http.routes.keys import add_keys
from signalbox.http.routes.roles import add_roles
from signalbox.http.routing import Routes
from signalbox.runtime.wiring import Wiring


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the routes."""
    roles = ManageRoles(config=wired.config, keys=wired.keys)
    grant = ManageKeys(
        keys=wired.keys,
        roles=roles,
        clock=wired.clock,
        environment=wired.settings.key_environment,
    )
    amend = UpdateKey(keys=wired.keys, roles=roles, clock=wired.clock)
    add_keys(routes, manage=grant, update=amend, clock=wired.clock)
    add_roles(routes, roles=roles)
