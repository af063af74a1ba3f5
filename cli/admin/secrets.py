"""Secrets: where they come from and how one follows another without a gap."""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Final, Protocol

import typer

from cli.errors import CommandError
from signalbox.models.config import Connection
from signalbox.models.issuer import MIN_SECRET
from signalbox.models.secret import SecretInvalid, checked_secret
from signalbox.services.ports.notifications import Connector

SECRET_NAMES: Final = "sources/<provider>/<source>, connections/<connection> or issuers/<issuer>"  # noqa: S105  names of secrets

_NAME: Final = r"[a-z0-9][a-z0-9_-]{0,62}"
_KNOWN: Final = re.compile(rf"sources/{_NAME}/{_NAME}|(?:connections|issuers)/{_NAME}")
_SHORT: Final = 16
_LONGEST: Final = 1_900
"""In bytes: a parameter holds 4 KB, and an overlap has two secrets."""


class SecretWriter(Protocol):
    """Where secrets are stored, the current one first."""

    def refresh(self, name: str) -> Sequence[str]:
        """Return those of this name, as they are now."""

    def put(self, name: str, secrets: Sequence[str]) -> None:
        """Store these in place of what is there."""


def check_name(name: str) -> str:
    """Check whether it is valid.

    Raises:
        BadParameter: If no secret has such a name.
    """
    if not _KNOWN.fullmatch(name):
        raise typer.BadParameter(f"a secret's name is {SECRET_NAMES}")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretInput:
    """Where a new secret comes from: made here, the environment, a prompt or standard input."""

    generate: bool = False
    variable: str | None = None

    def read(self) -> str:
        """Return the secret, without the line end behind it.

        Raises:
            CommandError: The command cannot be carried out.
        """
        if self.generate:
            return token_urlsafe(32)
        try:
            secret = checked_secret(self._given())
        except SecretInvalid as invalid:
            raise CommandError(f"{invalid}; --generate makes one") from None
        if len(secret.encode("utf-8", "replace")) > _LONGEST:
            raise CommandError(f"a secret is a text of at most {_LONGEST} bytes")
        return secret

    def _given(self) -> str:
        if self.variable:
            return os.environ.get(self.variable, "")
        if sys.stdin.isatty():
            return str(typer.prompt("Secret", hide_input=True, confirmation_prompt=True))
        return sys.stdin.read(_LONGEST + 2)


def check_use(
    name: str, secret: str, connections: Iterable[Connection], connectors: Mapping[str, Connector]
) -> None:
    """Check whether it is valid.

    Raises:
        Conflict: If the connection of this name cannot use such a secret.
    """
    for connection in connections:
        connector = connectors.get(connection.connector)
        if connector and connection.secret_name == name:
            connector.check_secret(connection, secret)


def replace_secret(secrets: SecretWriter, name: str, secret: str) -> None:
    """The secret in place of all others of the name.

    Raises:
        CommandError: The command cannot be carried out.
    """
    _check(name, secret)
    secrets.put(name, [secret])


def rotate_secret(secrets: SecretWriter, name: str, secret: str) -> int:
    """Return the secret before the one that was current; how many there are now.

    Doing it again changes nothing.

    Raises:
        CommandError: The command cannot be carried out.
    """
    _check(name, secret)
    others = [known for known in secrets.refresh(name) if known != secret]
    overlap = [secret, *others[:1]]
    secrets.put(name, overlap)
    return len(overlap)


def drop_previous_secrets(secrets: SecretWriter, name: str) -> None:
    """The current secret alone.

    Raises:
        CommandError: If there is none.
    """
    known = secrets.refresh(name)
    if not known:
        raise CommandError(f"{name} has no secret")
    secrets.put(name, known[:1])


def is_weak(name: str, secret: str) -> bool:
    """Return whether what signs webhooks could be guessed."""
    return name.startswith("sources/") and len(secret) < _SHORT


def _check(name: str, secret: str) -> None:
    """Check whether it is valid.

    Raises:
        CommandError: For what functions would pass over.
    """
    if name.startswith("issuers/") and len(secret.encode()) < MIN_SECRET:
        raise CommandError(f"the secret of an issuer has {MIN_SECRET} bytes or more")
