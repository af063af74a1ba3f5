"""Request and response bodies of roles."""

from signalbox.models.base import Model
from signalbox.models.principal import Role


class RoleList(Model):
    """Every role. Those in `built_in` always exist and cannot be changed."""

    items: tuple[Role, ...]
    built_in: tuple[str, ...]
