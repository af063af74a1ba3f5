"""The checks that ask the API."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cli.api_client import ApiError, ApiUnavailable
from cli.doctor.findings import Check, Diagnosis, DiagnosisLevel
from cli.doctor.incident_checks import open_incidents
from cli.doctor.notification_checks import failing_connections, open_circuit
from cli.operator_client import OperatorClient
from cli.output import format_time
from signalbox.http.schemas.metrics import RedeliveryMetrics
from signalbox.models.circuit import CircuitState
from signalbox.models.dead_letter import DeadLetter, DeadLetterKind
from signalbox.models.incident import IncidentStatus
from signalbox.models.rejection import Rejections
from signalbox.models.source import Source
from signalbox.services.ports.time import utc_now

_MAX_DEAD_LETTERS: Final = 200
_MAX_NOTIFICATIONS: Final = 200
_MAX_LOOK_AGE: Final = timedelta(hours=1)
_MAX_PENDING_AGE: Final = timedelta(minutes=5)
_RETENTION: Final = "in the last seven days"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiChecks:
    """The checks that ask the API.

    `unconfigured` are sources that accept webhooks without configuration, which the API does not
    list.
    """

    operator: OperatorClient
    unconfigured: Sequence[Source] = ()

    def checks(self) -> Mapping[str, Check]:
        """Return the checks by name."""
        return {
            "health": self.health,
            "subscriptions": self.subscriptions,
            "deliveries": self.deliveries,
            "queues": self.queues,
            "dead letters": self.dead_letters,
            "notifications": self.notifications,
            "metrics": self.metrics,
            "incidents": self.incidents,
        }

    def answers(self) -> Diagnosis | None:
        """Return a fault if the API does not answer."""
        try:
            self.operator.health()
        except (ApiUnavailable, ApiError) as error:
            return Diagnosis(
                level=DiagnosisLevel.FAULT,
                check="health",
                subject="api",
                text=f"the API does not answer: {error}",
                action="check the URL and the network; the log of the function api has its errors",
            )
        return None

    def health(self) -> Iterator[Diagnosis]:
        """Check that tables and queues answer."""
        try:
            self.operator.ready()
        except ApiUnavailable as error:
            yield Diagnosis(
                level=DiagnosisLevel.FAULT,
                check="health",
                subject="api",
                text=f"tables or queues do not answer the API: {error}",
                action="GET /ready names the service; the log of the function api has its errors",
            )

    def subscriptions(self) -> Iterator[Diagnosis]:
        """Check that subscriptions refer to enabled connections."""
        connections = {each.id: each for each in self.operator.connections().items}
        for subscription in self.operator.subscriptions().items:
            if not subscription.enabled:
                continue
            connection = connections.get(subscription.connection)
            subject = f"subscription {subscription.id}"
            if connection is None:
                yield Diagnosis(
                    level=DiagnosisLevel.FAULT,
                    check="subscriptions",
                    subject=subject,
                    text=f"there is no connection {subscription.connection}",
                    action="add the connection or remove the subscription by `signalbox apply`",
                )
            elif not connection.enabled:
                yield Diagnosis(
                    level=DiagnosisLevel.WARNING,
                    check="subscriptions",
                    subject=subject,
                    text=f"the connection {connection.id} is disabled: its notifications are held",
                    action="enable the connection by `signalbox apply`",
                )

    def deliveries(self) -> Iterator[Diagnosis]:
        """Check what each source received and rejected last."""
        rejections = {
            (each.provider, each.source): each for each in self.operator.rejections({}).items
        }
        listed = (*self.operator.sources().items, *self.unconfigured)
        sources = {(each.provider, each.name) for each in listed if each.enabled}
        if not sources and not rejections:
            yield Diagnosis(
                level=DiagnosisLevel.WARNING,
                check="deliveries",
                subject="sources",
                text="no source is configured",
                action="signalbox sources add PROVIDER",
            )
        for provider, name in sorted({*sources, *rejections}):
            yield from self._of_source(provider, name, rejections.get((provider, name)))

    def queues(self) -> Iterator[Diagnosis]:
        """Check for paused queues, and for messages in the dead-letter queues of SQS."""
        for queue in self.operator.queues().queues:
            if queue.pause:
                reason = f": {queue.pause.reason}" if queue.pause.reason else ""
                yield Diagnosis(
                    level=DiagnosisLevel.WARNING,
                    check="queues",
                    subject=f"queue {queue.priority}",
                    text=f"paused by {queue.pause.by} at {format_time(queue.pause.at)}{reason}",
                    action=f"signalbox queue resume {queue.priority}",
                )
            if queue.dead_letters:
                yield Diagnosis(
                    level=DiagnosisLevel.FAULT,
                    check="queues",
                    subject=f"queue {queue.priority}",
                    text=f"about {queue.dead_letters} messages were received too often",
                    action="the log of the function dead_letters names them",
                )

    def dead_letters(self) -> Iterator[Diagnosis]:
        """Check for tasks and notifications without attempts."""
        found = self.operator.dead_letters({}, _MAX_DEAD_LETTERS)
        counts = Counter(letter.kind for letter in found)
        for kind in DeadLetterKind:
            if counts[kind]:
                newest = next(letter for letter in found if letter.kind is kind)
                yield _dead(kind, counts[kind], newest, cut=len(found) == _MAX_DEAD_LETTERS)

    def notifications(self) -> Iterator[Diagnosis]:
        """Check that the last notifications of each connection were delivered."""
        newest = self.operator.notifications({}, _MAX_NOTIFICATIONS)
        yield from failing_connections(newest)

    def metrics(self) -> Iterator[Diagnosis]:
        """Check for targets that do not answer, and for webhooks that are missed."""
        metrics = self.operator.figures()
        for circuit in metrics.circuits:
            if circuit.state is not CircuitState.CLOSED:
                of_connection = {"connection": circuit.connection}
                yield open_circuit(circuit, self.operator.notifications(of_connection, 1))
        for redelivery in metrics.redelivery:
            yield from _redelivery(redelivery, utc_now())
        if metrics.oldest_pending:
            yield from _pending(metrics.oldest_pending, utc_now())
        if not metrics.complete:
            yield Diagnosis(
                level=DiagnosisLevel.WARNING,
                check="metrics",
                subject="metrics",
                text="counting is behind",
                action="wait a minute; if it stays so, see the log of the function maintenance",
            )

    def incidents(self) -> Iterator[Diagnosis]:
        """Check for open incidents."""
        yield from open_incidents(self.operator.incidents({"status": IncidentStatus.OPEN}))

    def _of_source(
        self, provider: str, name: str, rejections: Rejections | None
    ) -> Iterator[Diagnosis]:
        subject = f"source {provider}/{name}"
        newest = self.operator.deliveries({"provider": provider, "source": name}, 1)
        rejected = rejections.last[0] if rejections and rejections.last else None
        if not newest:
            yield Diagnosis(
                level=DiagnosisLevel.WARNING,
                check="deliveries",
                subject=subject,
                text=f"no webhook was accepted {_RETENTION}",
                action=f"signalbox sources verify {provider}/{name}, then the service's settings",
            )
        if rejected:
            is_last = not newest or rejected.at > newest[0].received_at
            yield Diagnosis(
                level=DiagnosisLevel.WARNING if is_last else DiagnosisLevel.NOTE,
                check="deliveries",
                subject=subject,
                text=f"last rejected request: {format_time(rejected.at)}  {rejected.status}"
                f" {rejected.code}: {rejected.reason}",
                action=f"signalbox deliveries rejections --provider {provider} --source {name}",
            )


def _dead(kind: DeadLetterKind, count: int, newest: DeadLetter, *, cut: bool) -> Diagnosis:
    number = f"{count}{' or more' if cut else ''}"
    return Diagnosis(
        level=DiagnosisLevel.FAULT,
        check="dead letters",
        subject=f"{kind}s",
        text=f"{number} without attempts; the newest: {newest.reason or 'no reason'}",
        action=f"signalbox queue dead-letters --kind {kind}, then"
        f" signalbox queue redrive --kind {kind}",
    )


def _pending(received_at: datetime, now: datetime) -> Iterator[Diagnosis]:
    if now - received_at > _MAX_PENDING_AGE:
        yield Diagnosis(
            level=DiagnosisLevel.WARNING,
            check="metrics",
            subject="deferred deliveries",
            text=f"one waits to be interpreted since {format_time(received_at)}",
            action="signalbox deliveries list --status pending has the reasons: the burst cap of a"
            " source, or a permission; else see the log of the function deferred",
        )


def _redelivery(redelivery: RedeliveryMetrics, now: datetime) -> Iterator[Diagnosis]:
    subject = f"source {redelivery.provider}/{redelivery.source}"
    looked_at = redelivery.looked_at
    if looked_at is None or now - looked_at > _MAX_LOOK_AGE:
        when = f"since {format_time(looked_at)}" if looked_at else "yet"
        yield Diagnosis(
            level=DiagnosisLevel.FAULT,
            check="metrics",
            subject=subject,
            text=f"the delivery log of the provider was not read {when}",
            action="the log of the function redelivery has the reason",
        )
    if redelivery.open:
        yield Diagnosis(
            level=DiagnosisLevel.WARNING,
            check="metrics",
            subject=subject,
            text=f"{redelivery.open} missed webhooks are requested again",
            action="signalbox metrics",
        )
