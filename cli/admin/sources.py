"""List the sources of a stack, and add sources with their secrets."""

import base64
import secrets as random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import BaseModel

from cli.admin.audit import AuditChange
from cli.admin.manifest import ManifestConfig
from cli.admin.manifest_file import raise_errors
from cli.admin.secrets import check_source_use
from cli.errors import CommandError
from signalbox.models.event_vocabulary import suggest
from signalbox.models.manifest import ManifestError
from signalbox.models.provider_setup import SecretForm, webhook_path
from signalbox.models.source import DEFAULT_SOURCE, Source
from signalbox.services.config.rules import rule_violations
from signalbox.services.ports.config import SecretStore
from signalbox.services.ports.deliveries import Providers

_KEY_BYTES: Final = 32
_RULES: Final = ("networks", "body_schema", "filter", "transform", "answer")


class NewSecretStore(SecretStore, Protocol):
    """A SecretStore that can store a secret unless the name has one."""

    def put_new(self, name: str, secrets: Sequence[str]) -> bool:
        """Store these secrets, unless the name has secrets; return whether they were stored."""


class SourceRow(BaseModel):
    """A source that accepts webhooks, or would with a secret. `secrets` is how many it has.

    `rules` are those of its fields that are set, such as `networks` and `filter`.
    """

    provider: str
    name: str
    url: str
    configured: bool
    enabled: bool
    secrets: int
    events: tuple[str, ...]
    commands: tuple[str, ...]
    authors: tuple[str, ...]
    rules: tuple[str, ...]


def list_sources(
    config: Sequence[Source], secrets: SecretStore, providers: Providers, base_url: str
) -> Iterator[SourceRow]:
    """Yield every configured source, and the default sources that exist because of a secret."""
    configured = {source.key: source for source in config}
    defaults = {source.key: source for source in map(_default_source, providers)}
    for key, source in sorted({**defaults, **configured}.items()):
        count = len(secrets.refresh(source.secret_name))
        if key not in configured and not count:
            continue
        yield SourceRow(
            provider=source.provider,
            name=source.name,
            url=base_url + webhook_path(source.provider, source.name),
            configured=key in configured,
            enabled=source.enabled,
            secrets=count,
            events=source.events,
            commands=source.commands,
            authors=source.authors,
            rules=tuple(name for name in _RULES if getattr(source, name)),
        )


def generated_secret(form: SecretForm) -> str:
    """Return a new secret of this form.

    Raises:
        CommandError: The service issues its secrets.
    """
    match form:
        case SecretForm.TEXT:
            return random.token_urlsafe(_KEY_BYTES)
        case SecretForm.STANDARD_WEBHOOKS:
            return f"whsec_{base64.b64encode(random.token_bytes(_KEY_BYTES)).decode()}"
        case SecretForm.ISSUED:
            raise CommandError("the service makes the secret; --from-env or a prompt takes it")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSource:
    """Add a source to the configuration of a stack, and its secret."""

    config: ManifestConfig
    secrets: NewSecretStore
    providers: Providers
    changing: AuditChange

    def check(self, source: Source) -> Source | None:
        """Return the stored source of this name, if there is one.

        Raises:
            CommandError: The source is not valid, or differs from the stored one.
        """
        raise_errors(list(self._errors(source)))
        stored = self.config.source(source.provider, source.name)
        if stored and source.events and source.events != stored.events:
            raise CommandError(f"the source {source.key} exists; change it by `signalbox apply`")
        return stored

    def add(self, source: Source) -> None:
        """Store a new source.

        Raises:
            WriteConflict: It exists.
        """
        with self.changing("sources add", f"source {source.key}"):
            self.config.replace(None, source)

    def secret_of(self, source: Source) -> str | None:
        """Return the current secret of a source, None if it has none."""
        return next(iter(self.secrets.refresh(source.secret_name)), None)

    def store_secret(self, source: Source, secret: str) -> None:
        """Store the secret of a source that has none.

        Raises:
            CommandError: It has one.
            Conflict: The provider cannot verify with such a secret.
        """
        name = source.secret_name
        check_source_use(name, secret, self.providers)
        with self.changing("secrets set", name):
            if not self.secrets.put_new(name, [secret]):
                raise CommandError(f"{name} has a secret; `signalbox secrets rotate {name}`")

    def _errors(self, source: Source) -> Iterator[ManifestError]:
        create_provider = self.providers.get(source.provider)
        if create_provider is None:
            hint = suggest(source.provider, self.providers)
            raise CommandError(f"there is no provider {source.provider}; {hint}")
        yield from rule_violations(source, {source.provider: create_provider().events})


def _default_source(provider: str) -> Source:
    return Source(provider=provider, name=DEFAULT_SOURCE)
