"""Request and response bodies of roles."""

from signalbox.models.base import Model
from signalbox.models.principal import Role


class RoleList(Model):
    """Every role; those in `built_in` are always there and stay what they are."""

    items: tuple[Role, ...]
    built_in: tuple[str, ...]
