"""The checks that read the stack itself: its secrets, parameters and stored configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from typing import Final, TypeVar

from cli.doctor.findings import Check, Diagnosis, DiagnosisLevel
from cli.output import format_time
from cli.stack import Stack
from signalbox.aws.config import DynamoConfig
from signalbox.egress.client_certificates import check_authorities, check_certificate
from signalbox.models.config_resource import ConfigResource
from signalbox.models.connection import Connection
from signalbox.models.connection_auth import RefreshTokenGrant, parse_refresh_secret
from signalbox.models.errors import Conflict, PayloadInvalid
from signalbox.models.issuer import Issuer
from signalbox.models.manifest import RESOURCE_KINDS
from signalbox.models.networks import PublishedNetworks, presets_in
from signalbox.models.pause import Pause
from signalbox.models.service import Service
from signalbox.models.source import Source
from signalbox.services.config.connection_secrets import check_connection_secret
from signalbox.services.config.source_rules import source_rule_violations
from signalbox.services.ports.deliveries import Providers
from signalbox.services.ports.time import utc_now

R = TypeVar("R", bound=ConfigResource)

_CERTIFICATE_WARNING: Final = timedelta(days=14)
_MAX_AGE: Final = timedelta(days=1)
_REFRESH: Final = "the lines `networks` of the function redelivery have the reason"
_APPLY: Final = "correct it and run `signalbox apply`"


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredConfig:
    config: DynamoConfig
    unreadable: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class StackChecks:
    """The checks that read a stack."""

    stack: Stack
    providers: Providers

    def checks(self) -> Mapping[str, Check]:
        """Return the checks by name."""
        return {
            "configuration": self.configuration,
            "sources": self.sources,
            "connections": self.connections,
            "issuers": self.issuers,
            "services": self.services,
            "alarms": self.alarms,
        }

    def configuration(self) -> Iterator[Diagnosis]:
        """Check for stored configuration that this version cannot read."""
        for kind, name in self._read.unreadable:
            yield Diagnosis(
                level=DiagnosisLevel.FAULT,
                check="configuration",
                subject=f"{kind.lower()} {name}",
                text="the stored configuration cannot be read, and is skipped",
                action="apply it again, or deploy the version that wrote it",
            )

    def sources(self) -> Iterator[Diagnosis]:
        """Check that enabled sources have settings and secrets of their providers."""
        for source in self._all(Source):
            create_provider = self.providers.get(source.provider)
            if not source.enabled:
                continue
            if create_provider is None:
                yield _fault(source, f"there is no provider {source.provider}", _APPLY)
                continue
            provider = create_provider()
            try:
                provider = provider.with_settings(source.settings)
            except PayloadInvalid as invalid:
                yield _fault(source, f"its settings are refused: {invalid.reason}", _APPLY)
            if source.has_event_rules:
                for error in source_rule_violations(source):
                    yield _fault(source, f"its {error.path} is refused: {error.reason}", _APPLY)
            yield from self._networks(source)
            without = "it has no secret, and answers every webhook with 503"
            if provider.uses_secret:
                yield from self._secret(source, source.secret_name, provider.check_secret, without)
            if provider.uses_token:
                without = "its settings need a token for the API of the provider"
                yield from self._secret(source, source.token_name, provider.check_token, without)

    def _networks(self, source: Source) -> Iterator[Diagnosis]:
        for preset in presets_in(source.networks):
            published = self._read.config.published_networks(preset)
            reason = f": {published.reason}" if published and published.reason else ""
            if published is None or published.fetched_at is None:
                text = f"the networks of {preset} were not fetched, and it answers 503{reason}"
                yield _fault(source, text, _REFRESH)
            elif utc_now() - published.fetched_at > _MAX_AGE:
                text = f"the networks of {preset} are those of {published.fetched_at:%F}{reason}"
                yield _fault(source, text, _REFRESH)

    def connections(self) -> Iterator[Diagnosis]:
        """Check that enabled connections have secrets of their connectors."""
        for connection in self._all(Connection):
            connector = self.stack.connectors.get(connection.connector)
            if not connection.enabled:
                continue
            if connector is None:
                yield _fault(connection, f"there is no connector {connection.connector}", _APPLY)
                continue
            check = partial(check_connection_secret, connector, connection)
            without = "it has no secret, and sends nothing"
            try:
                uses_secret = connector.uses_secret(connection)
            except PayloadInvalid as invalid:
                yield _fault(connection, f"its settings are refused: {invalid.reason}", _APPLY)
                continue
            if uses_secret:
                yield from self._secret(connection, connection.secret_name, check, without)
            yield from self._grant(connection)
            if connection.tls.client_certificate:
                without = "it has no client certificate, and sends nothing"
                yield from self._certificate(connection, connection.certificate_name, without)

    def services(self) -> Iterator[Diagnosis]:
        """Check that services have the secrets of their TLS."""
        for service in self._all(Service):
            tls = service.upstream_tls
            if service.enabled and tls.ca:
                without = "it has no authorities to trust, and is not called"
                yield from self._secret(service, tls.ca, check_authorities, without)
            if service.enabled and tls.certificate:
                without = "it has no client certificate, and is not called"
                yield from self._certificate(service, tls.certificate, without)

    def _certificate(
        self, resource: ConfigResource, name: str, without: str
    ) -> Iterator[Diagnosis]:
        """Check that a client certificate can be used, and for how long."""
        now, set_it = utc_now(), f"signalbox secrets set {name} < client.pem"
        stored = self.stack.secrets.refresh(name)
        if not stored:
            yield _fault(resource, without, set_it)
            return
        try:
            end = check_certificate(stored[0], now)
        except Conflict as conflict:
            yield _fault(resource, f"{name} cannot be used: {conflict.reason}", set_it)
            return
        if end - now < _CERTIFICATE_WARNING:
            yield Diagnosis(
                level=DiagnosisLevel.WARNING,
                check=f"{resource.kind}s",
                subject=f"{resource.kind} {resource.key}",
                text=f"its client certificate expires at {format_time(end)}",
                action=set_it,
            )

    def _grant(self, connection: Connection) -> Iterator[Diagnosis]:
        """Check that the refresh token of a connection was not refused."""
        if not isinstance(connection.auth, RefreshTokenGrant):
            return
        for text in self.stack.secrets.secrets(connection.secret_name)[:1]:
            secret = parse_refresh_secret(text)
            origin = connection.auth.origin(secret) if secret else ""
            chain = self.stack.grants.get(connection).chain(origin)
            if chain and chain.refused_at:
                refused = f"its refresh token was refused at {format_time(chain.refused_at)}"
                action = f"authorize it again, then signalbox secrets set {connection.secret_name}"
                yield _fault(connection, refused, action)

    def issuers(self) -> Iterator[Diagnosis]:
        """Check that issuers with a shared secret have one."""
        for issuer in self._all(Issuer):
            name = issuer.secret_name
            if name:
                without = "it has no secret, and its tokens are refused"
                yield from self._secret(issuer, name, lambda _secret: None, without)

    def alarms(self) -> Iterator[Diagnosis]:
        """Check that alarms notify somebody; local stacks have none."""
        if not self.stack.local and not self.stack.alarm_topic:
            yield Diagnosis(
                level=DiagnosisLevel.WARNING,
                check="alarms",
                subject="stack",
                text="AlarmTopicArn is empty, so that alarms notify nobody",
                action="set AlarmTopicArn in samconfig.toml, then `make deploy`",
            )

    def unconfigured_sources(self) -> Sequence[Source]:
        """Return the default sources that accept webhooks without configuration.

        Raises:
            Unavailable: The stack did not answer.
        """
        configured = {source.key for source in self._all(Source)}
        defaults = (Source(provider=name) for name in self.providers)
        return [
            source
            for source in defaults
            if source.key not in configured and self.stack.secrets.refresh(source.secret_name)
        ]

    def _secret(
        self, resource: ConfigResource, name: str, check: Callable[[str], None], without: str
    ) -> Iterator[Diagnosis]:
        secrets = self.stack.secrets.refresh(name)
        if not secrets:
            yield _fault(resource, without, f"signalbox secrets set {name}")
            return
        try:
            check(secrets[0])
        except Conflict as conflict:
            text = f"{name} cannot be used: {conflict.reason}"
            yield _fault(resource, text, f"signalbox secrets set {name}")

    def _all(self, kind: type[R]) -> Sequence[R]:
        return self._read.config.all(kind)

    @cached_property
    def _read(self) -> _StoredConfig:
        unreadable: dict[tuple[str, str], None] = {}
        config = self.stack.read_config(lambda kind, name: unreadable.setdefault((kind, name)))
        kinds: tuple[type[ConfigResource], ...] = (*RESOURCE_KINDS, Pause, PublishedNetworks)
        for kind in kinds:
            config.all(kind)
        return _StoredConfig(config=config, unreadable=tuple(unreadable))


def _fault(resource: ConfigResource, text: str, action: str) -> Diagnosis:
    return Diagnosis(
        level=DiagnosisLevel.FAULT,
        check=f"{resource.kind}s",
        subject=f"{resource.kind} {resource.key}",
        text=text,
        action=action,
    )
