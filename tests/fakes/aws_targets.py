"""AWS in memory, and the real clients for a double of it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from signalbox.aws.targets import BotoTargets
from signalbox.egress.aws_targets import AwsTargets, BusEvent, RawEmail, TopicMessage

_ONCE = Config(retries={"total_max_attempts": 1})


class FakeAwsTargets(AwsTargets):
    """Raises `failures` one after the other, after them it takes everything."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.sent: list[tuple[RawEmail | TopicMessage | BusEvent, str | None, str | None]] = []

    def send_email(
        self, email: RawEmail, *, configuration_set: str | None, endpoint: str | None
    ) -> None:
        self._take(email, endpoint, configuration_set)

    def publish(self, message: TopicMessage, *, endpoint: str | None) -> None:
        self._take(message, endpoint)

    def put_event(self, event: BusEvent, *, endpoint: str | None) -> None:
        self._take(event, endpoint)

    @property
    def emails(self) -> Sequence[RawEmail]:
        return [each for each, _, _ in self.sent if isinstance(each, RawEmail)]

    def _take(
        self,
        sent: RawEmail | TopicMessage | BusEvent,
        endpoint: str | None,
        more: str | None = None,
    ) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((sent, endpoint, more))


def real_targets() -> BotoTargets:
    """The real clients, with the credentials of nobody: for moto, and for doubles."""

    def client(service: Any, url: str | None) -> Any:
        return boto3.client(
            service,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=_ONCE,
        )

    return BotoTargets(
        ses=cache(lambda url: client("sesv2", url)),
        sns=cache(lambda url: client("sns", url)),
        events=cache(lambda url: client("events", url)),
    )
