"""A webhook that is verified by a key of its service, and asks to confirm a subscription."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from signalbox.models.delivery import DeliveryStatus
from signalbox.models.errors import SignatureInvalid, Unavailable
from signalbox.models.request import InboundRequest
from signalbox.models.source import Source
from signalbox.services.deliveries.receive import ReceiveResult, ReceiveWebhook
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.dependents import awaiting
from tests.fakes.tasks import FakeTaskStore
from tests.unit.providers.generic.test_sns import (
    CERTIFICATE,
    ORIGIN,
    PATH,
    SENT,
    TOPIC,
    a_message,
    a_source,
    sent,
)


class Receiver:
    """A source for the messages of a topic, over fakes."""

    def __init__(self, *certificates: str) -> None:
        self.certificates = certificates
        self.fetched: list[str] = []
        self.confirmed: list[str] = []
        self.down = False
        self.deliveries = FakeDeliveryStore()

    def receive(self, request: InboundRequest) -> ReceiveResult:
        clock = FakeClock(SENT)
        source = Source(
            provider="generic",
            name="alarms",
            events=("*",),
            settings={"preset": "sns", "verify": {"type": "sns", "topic": TOPIC}},
        )
        use_case = ReceiveWebhook(
            provider=a_source(),
            config=FakeConfigStore(source),
            secrets=FakeSecretStore(clock, {}),
            tasks=FakeTaskStore(),
            wait=awaiting(FakeTaskStore()),
            deliveries=self.deliveries,
            clock=clock,
            retention=timedelta(hours=24),
            published_keys=self._find,
            confirm=self._confirm,
        )
        return use_case(request, "alarms")

    def _find(self, url: str) -> Sequence[str]:
        self.fetched.append(url)
        return self.certificates

    def _confirm(self, url: str) -> None:
        if self.down:
            raise Unavailable("down")
        self.confirmed.append(url)


def test_a_notification_makes_a_task_without_any_secret() -> None:
    receiver = Receiver(CERTIFICATE)

    result = receiver.receive(sent(a_message("subject")))

    assert (result.status, len(result.tasks)) == (DeliveryStatus.ACCEPTED, 1)
    assert receiver.fetched == [ORIGIN + PATH]
    assert receiver.confirmed == []


def test_a_subscription_is_confirmed_once_it_is_verified() -> None:
    receiver = Receiver(CERTIFICATE)
    subscription = a_message("subscription")

    result = receiver.receive(sent(subscription))

    assert receiver.confirmed == [subscription["SubscribeURL"]]
    assert (result.status, result.notes) == (
        DeliveryStatus.IGNORED,
        ("it asks to confirm a subscription, which is done",),
    )


def test_a_subscription_that_could_not_be_confirmed_is_sent_again() -> None:
    receiver = Receiver(CERTIFICATE)
    receiver.down = True

    with pytest.raises(Unavailable):
        receiver.receive(sent(a_message("subscription")))

    assert receiver.deliveries.kept == {}


@pytest.mark.parametrize("certificates", [(), ("no certificate",)])
def test_a_forged_subscription_is_not_confirmed(certificates: tuple[str, ...]) -> None:
    receiver = Receiver(*certificates)

    with pytest.raises(SignatureInvalid):
        receiver.receive(sent(a_message("subscription")))

    assert receiver.confirmed == []


def test_a_message_of_another_topic_causes_no_request() -> None:
    receiver = Receiver(CERTIFICATE)
    other = a_message("subscription", TopicArn=f"{TOPIC}-2")

    with pytest.raises(SignatureInvalid):
        receiver.receive(sent(other))

    assert (receiver.fetched, receiver.confirmed) == ([], [])
