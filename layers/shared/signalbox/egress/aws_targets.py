"""Targets in AWS, which connectors call with the role of their function instead of a secret."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import NoReturn, Protocol

from typing_extensions import override

from signalbox.models.errors import SendDelayed
from signalbox.models.frozen import frozen


@frozen
class RawEmail:
    """An email as it is sent, with its headers. Addresses have no names here."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes = field(repr=False)


@frozen
class TopicMessage:
    """A message of SNS. `group` and `deduplication` are those of a FIFO topic.

    `attributes` are strings, by which subscriptions of the topic filter.
    """

    topic: str
    subject: str
    message: str = field(repr=False)
    attributes: Mapping[str, str]
    group: str | None = None
    deduplication: str | None = None


@frozen
class BusEvent:
    """An event of EventBridge; `detail` is JSON."""

    bus: str
    source: str
    detail_type: str
    detail: str = field(repr=False)
    time: datetime
    resource: str


class AwsTargets(Protocol):
    """Calls of AWS, each at the URL `endpoint` if there is one, else where the region has it.

    Raises:
        SendRefused: AWS will never take it.
        SendDelayed: AWS may take it later.
    """

    def send_email(
        self, email: RawEmail, *, configuration_set: str | None, endpoint: str | None
    ) -> None:
        """Send an email by SES."""

    def publish(self, message: TopicMessage, *, endpoint: str | None) -> None:
        """Publish a message to a topic of SNS."""

    def put_event(self, event: BusEvent, *, endpoint: str | None) -> None:
        """Put an event on a bus of EventBridge."""


class NoAwsTargets(AwsTargets):
    """AWS in a process that sends nothing."""

    @override
    def send_email(
        self, email: RawEmail, *, configuration_set: str | None, endpoint: str | None
    ) -> NoReturn:
        raise SendDelayed("this process sends no notifications")

    @override
    def publish(self, message: TopicMessage, *, endpoint: str | None) -> NoReturn:
        raise SendDelayed("this process sends no notifications")

    @override
    def put_event(self, event: BusEvent, *, endpoint: str | None) -> NoReturn:
        raise SendDelayed("this process sends no notifications")
