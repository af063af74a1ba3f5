"""A target that a connection leads to: its double, and what the connector asks of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, TargetDouble
from signalbox.egress.connector import TargetConnector
from signalbox.models.errors import SendDelayed
from signalbox.models.notification import Notification, begun
from tests.builders import NOW, a_connection
from tests.fakes.clock import FakeClock
from tests.fakes.doubles import DOUBLE_URL, DoubleClient
from tests.fakes.references import FakeReferenceStore, clients

D = TypeVar("D", bound=TargetDouble)


class FakeTarget(Generic[D]):
    """A target that a connection leads to. Each notification is sent by a new connector.

    `root` is the part of the paths that `calls` leave out.
    """

    root: ClassVar[str] = ""

    def __init__(
        self, double: D, connector: type[TargetConnector[Any]], settings: Mapping[str, JsonValue]
    ) -> None:
        self.double = double
        self.http = DoubleClient(double)
        self.references = FakeReferenceStore()
        self.clock = FakeClock()
        self.secret = double.secret(DOUBLE_URL) or ""
        self.connection = a_connection(connector=connector.name, settings=settings)
        self._connector = connector

    def new_connector(self) -> TargetConnector[Any]:
        return self._connector(clients(self.http, self.references, self.clock))

    def send(self, *notifications: Notification) -> None:
        for each in notifications:
            self.new_connector().send(each, self.connection, [self.secret])

    def send_lost(
        self,
        notification: Notification,
        lost: Callable[[DoubleRequest], bool] = lambda request: request.method == "POST",
    ) -> Notification:
        """Sends it, but these requests get no answer; returns it as its next attempt sees it."""
        self.http.lost = lost
        with pytest.raises(SendDelayed):
            self.send(notification)
        self.http.lost = lambda _: False
        return begun(begun(notification, NOW, NOW), NOW, NOW)

    @property
    def calls(self) -> Sequence[str]:
        return [f"{each.method} {each.path.removeprefix(self.root)}" for each in self.http.received]
