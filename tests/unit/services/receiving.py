"""A source of GitHub over fakes, which receives signed webhooks and interprets them again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import JsonValue

from signalbox.models.config_resource import ConfigResource
from signalbox.models.request import InboundRequest
from signalbox.models.source import Source
from signalbox.models.task import Task
from signalbox.providers.github.provider import GitHub
from signalbox.services.deliveries.interpret import Interpretation
from signalbox.services.deliveries.receive import ReceiveResult, ReceiveWebhook
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from tests.builders import NOW, SECRET
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.dependents import awaiting
from tests.fakes.tasks import FakeTaskStore

ISSUE: Mapping[str, JsonValue] = {
    "action": "opened",
    "issue": {
        "id": 1,
        "number": 7,
        "title": "Login fails",
        "body": "It does.",
        "html_url": "https://github.com/octo/hello/issues/7",
        "user": {"login": "ada", "type": "User"},
        "labels": [{"name": "bug"}],
    },
    "repository": {"full_name": "octo/hello"},
    "sender": {"login": "ada", "type": "User"},
}


class SourceOfGitHub:
    """A source over fakes. Its events are `issues.*`, unless the fields of the source differ."""

    def __init__(self, *others: ConfigResource, **fields: Any) -> None:
        self.clock = FakeClock(NOW)
        self.config = FakeConfigStore(*others)
        self.deliveries = FakeDeliveryStore()
        self.tasks = FakeTaskStore()
        self.configure(**fields)

    def configure(self, **fields: Any) -> None:
        self.config.put(Source(provider="github", **{"events": ("issues.*",), **fields}))

    def receive(
        self,
        payload: JsonValue = None,
        event: str = "issues",
        *,
        key: str = "d-1",
        address: str = "192.0.2.7",
    ) -> ReceiveResult:
        """Returns the result of a signed webhook; by default an issue was opened."""
        body = json.dumps(ISSUE if payload is None else payload).encode()
        headers = {"x-github-event": event, "x-github-delivery": key}
        unsigned = InboundRequest(
            method="POST",
            path="/api/v1/webhooks/github",
            headers={**headers, "content-type": "application/json"},
            body=body,
            source_ip=address,
        )
        provider = GitHub()
        use_case = ReceiveWebhook(
            provider=provider,
            config=self.config,
            secrets=FakeSecretStore(self.clock, {"sources/github/default": [SECRET]}),
            tasks=self.tasks,
            deliveries=self.deliveries,
            clock=self.clock,
            retention=timedelta(hours=24),
            wait=awaiting(self.tasks),
        )
        return use_case(provider.sign(unsigned, SECRET))

    def reinterpret(self, received: ReceiveResult) -> Interpretation:
        """Returns the interpretation of a stored delivery by the source as it is now."""
        use_case = ReinterpretDelivery(
            config=self.config,
            providers={"github": GitHub},
            clock=self.clock,
            retention=timedelta(hours=24),
        )
        return use_case(self.deliveries.get_stored(received.delivery))

    def task(self, received: ReceiveResult) -> Task:
        """Returns the only task of a delivery."""
        [task] = received.tasks
        return self.tasks.get(task)
