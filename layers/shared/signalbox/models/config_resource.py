"""The resources of the configuration: each has a kind, a key and perhaps a secret."""

from typing import ClassVar

from signalbox.models.base import Model

SOURCE_SECRETS = "sources"
SOURCE_TOKENS = "tokens"
CONNECTION_SECRETS = "connections"
CERTIFICATE = "certificate"
GRANTS = "grants"
ISSUER_SECRETS = "issuers"
SERVICE_SECRETS = "services"
AUTHORITIES = "ca"

_CERTIFIED = frozenset({CONNECTION_SECRETS, SERVICE_SECRETS})


class ConfigResource(Model):
    """A resource that operators configure; `kind` names it in messages and in the table."""

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """Return the name of the resource, unique among those of its kind."""
        raise NotImplementedError

    @property
    def secret_name(self) -> str | None:
        """Return the name of its secret in the secret store, or None if it has none."""
        return None

    @property
    def secret_names(self) -> tuple[str, ...]:
        """Return the names of all secrets that belong to it."""
        return (self.secret_name,) if self.secret_name else ()


def is_certificate(name: str) -> bool:
    """Return whether a secret with this name is a client certificate."""
    owner, _, rest = name.partition("/")
    return owner in _CERTIFIED and rest.endswith(f"/{CERTIFICATE}")


def is_authorities(name: str) -> bool:
    """Return whether a secret with this name has the authorities that a service trusts."""
    return name.startswith(f"{SERVICE_SECRETS}/") and name.endswith(f"/{AUTHORITIES}")


def secret_path(*parts: str) -> str:
    """Return the name of a secret in the secret store: `connections/team`."""
    return "/".join(parts)
