"""Set and rotate secrets."""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Final, Protocol

import typer

from cli.errors import CommandError
from signalbox.models.config_resource import (
    SOURCE_SECRETS,
    SOURCE_TOKENS,
    is_authorities,
    is_certificate,
)
from signalbox.models.connection import Connection
from signalbox.models.issuer import MIN_SECRET
from signalbox.models.secret import SecretInvalid, checked_secret
from signalbox.runtime.otlp.settings import otlp_headers
from signalbox.services.config.connection_secrets import check_connection_secret
from signalbox.services.ports.deliveries import Providers
from signalbox.services.ports.notifications import Connector

SECRET_NAMES: Final = (
    "sources/<provider>/<source>, tokens/<provider>/<source>, connections/<connection>, "  # noqa: S105
    "connections/<connection>/certificate, services/<service>/ca, "
    "services/<service>/certificate, issuers/<issuer> or telemetry/headers"
)

_TELEMETRY: Final = "telemetry/headers"
_NAME: Final = r"[a-z0-9][a-z0-9_-]{0,62}"
_SECRET_NAME: Final = re.compile(
    rf"(?:sources|tokens)/{_NAME}/{_NAME}|(?:connections|issuers)/{_NAME}"
    rf"|(?:connections|services)/{_NAME}/certificate|services/{_NAME}/ca|telemetry/headers"
)
_MIN_STRONG_LENGTH: Final = 16
_MAX_BYTES: Final = 1_900
"""The maximum length in bytes: a parameter has 4 KB, and contains two secrets during a rotation."""

_MAX_CERTIFICATE_BYTES: Final = 7_500
"""The largest parameters have 8 KB, and JSON writes two characters for a line break."""


class SecretWriter(Protocol):
    """Stores secrets, the current one first."""

    def refresh(self, name: str) -> Sequence[str]:
        """Return the secrets of this name as stored now."""

    def put(self, name: str, secrets: Sequence[str]) -> None:
        """Store these secrets, replacing others."""


def check_name(name: str, *, generate: bool = False) -> str:
    """Return the name if a secret can have it, and can be generated if it is to be.

    Raises:
        BadParameter: It cannot.
    """
    if not _SECRET_NAME.fullmatch(name):
        raise typer.BadParameter(f"a secret's name is {SECRET_NAMES}")
    if generate and name.startswith(f"{SOURCE_TOKENS}/"):
        raise typer.BadParameter("a token comes from the provider and cannot be generated")
    if generate and name == _TELEMETRY:
        raise typer.BadParameter("headers come from the endpoint and cannot be generated")
    if generate and is_pem(name):
        raise typer.BadParameter("a certificate comes from an authority and cannot be generated")
    return name


def is_pem(name: str) -> bool:
    """Return whether the secret of this name is a file of certificates."""
    return is_certificate(name) or is_authorities(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretInput:
    """Where a new secret comes from: generated, the environment, a prompt or standard input.

    A certificate has several lines, so there is no prompt for it.
    """

    generate: bool = False
    variable: str | None = None
    certificate: bool = False

    @property
    def max_bytes(self) -> int:
        """Return how many bytes it may have."""
        return _MAX_CERTIFICATE_BYTES if self.certificate else _MAX_BYTES

    def read(self) -> str:
        """Return the secret without a trailing line break.

        Raises:
            CommandError: There is none, or it is not valid.
        """
        if self.generate:
            return token_urlsafe(32)
        try:
            secret = checked_secret(self._given())
        except SecretInvalid as invalid:
            hint = "" if self.certificate else "; --generate makes one"
            raise CommandError(f"{invalid}{hint}") from None
        if len(secret.encode("utf-8", "replace")) > self.max_bytes:
            raise CommandError(f"a secret is a text of at most {self.max_bytes} bytes")
        return secret

    def _given(self) -> str:
        if self.variable:
            return os.environ.get(self.variable, "")
        if sys.stdin.isatty():
            if self.certificate:
                raise CommandError("redirect standard input from the PEM file: … < client.pem")
            return str(typer.prompt("Secret", hide_input=True, confirmation_prompt=True))
        return sys.stdin.read(self.max_bytes + 2)


def check_use(
    name: str, secret: str, connections: Iterable[Connection], connectors: Mapping[str, Connector]
) -> None:
    """Check that the connection of this name can use the secret.

    Raises:
        Conflict: It cannot.
    """
    for connection in connections:
        connector = connectors.get(connection.connector)
        if connector and connection.secret_name == name:
            check_connection_secret(connector, connection, secret)


def check_source_use(name: str, secret: str, providers: Providers) -> None:
    """Check that the provider of the source of this name can use the secret or token.

    Raises:
        Conflict: It cannot.
    """
    kind, _, source = name.partition("/")
    create_provider = providers.get(source.partition("/")[0])
    if create_provider is None:
        return
    if kind == SOURCE_SECRETS:
        create_provider().check_secret(secret)
    elif kind == SOURCE_TOKENS:
        create_provider().check_token(secret)


def replace_secret(secrets: SecretWriter, name: str, secret: str) -> None:
    """Replace all secrets of the name by this one.

    Raises:
        CommandError: The secret is not valid.
    """
    _check(name, secret)
    secrets.put(name, [secret])


def rotate_secret(secrets: SecretWriter, name: str, secret: str) -> int:
    """Put the secret before the current one and return how many there are.

    Repeating it changes nothing.

    Raises:
        CommandError: The secret is not valid.
    """
    _check(name, secret)
    if is_certificate(name):
        raise CommandError("a client certificate has no overlap; `secrets set` replaces it")
    if is_authorities(name):
        raise CommandError("`secrets set` takes all authorities that are trusted, in one file")
    others = [known for known in secrets.refresh(name) if known != secret]
    overlap = [secret, *others[:1]]
    secrets.put(name, overlap)
    return len(overlap)


def drop_previous_secrets(secrets: SecretWriter, name: str) -> None:
    """Remove all secrets of the name but the current one.

    Raises:
        CommandError: There is no secret.
    """
    known = secrets.refresh(name)
    if not known:
        raise CommandError(f"{name} has no secret")
    secrets.put(name, known[:1])


def is_weak(name: str, secret: str) -> bool:
    """Return whether a secret that signs webhooks could be guessed."""
    return name.startswith("sources/") and len(secret) < _MIN_STRONG_LENGTH


def _check(name: str, secret: str) -> None:
    """Check that functions would accept the secret.

    Raises:
        CommandError: They would not.
    """
    if name == _TELEMETRY and not otlp_headers(secret):
        raise CommandError("headers are written as NAME=VALUE, with commas between")
    if name.startswith("issuers/") and len(secret.encode()) < MIN_SECRET:
        raise CommandError(f"the secret of an issuer has {MIN_SECRET} bytes or more")
