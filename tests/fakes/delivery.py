"""The use case that delivers notifications, over fakes."""

from random import Random
from typing import Any

from signalbox.services.notifications.circuits import CircuitBreakers
from signalbox.services.notifications.deliver import DeliverNotification
from signalbox.services.notifications.make_attempt import MakeAttempt
from signalbox.services.ports.config import SecretStore
from signalbox.services.ports.notifications import CircuitStore
from signalbox.services.ports.time import Clock
from tests.fakes.circuits import FakeCircuitStore
from tests.fakes.config import FakeSecretStore

SECRET = "a-secret-of-no-known-shape"
SECRET_NAME = "connections/team-slack"


def a_delivery(
    *,
    connector: Any,
    notifications: Any,
    config: Any,
    clock: Clock,
    secrets: SecretStore | None = None,
    circuits: CircuitStore | None = None,
    **parts: Any,
) -> DeliverNotification:
    """A delivery with one secret and closed circuits, unless others are given."""
    breakers = CircuitBreakers(store=circuits or FakeCircuitStore(), clock=clock, random=Random(7))
    return DeliverNotification(
        attempt=MakeAttempt(
            connector=connector,
            config=config,
            secrets=secrets or FakeSecretStore(clock, {SECRET_NAME: [SECRET]}),
            clock=clock,
            random=Random(7),
        ),
        notifications=notifications,
        config=config,
        circuits=breakers,
        clock=clock,
        **parts,
    )
