"""A connection to the double of a service, for as long as the scenario lasts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import requests
from pydantic import TypeAdapter, ValidationError

from cli.api_client import session_for
from cli.doubles.double import TargetDouble, new_double
from cli.doubles.serve import FAIL_PATH, SHOWN_PATH, double_url
from cli.errors import CommandError, Unreachable
from cli.locate import find_stack, local_stack
from cli.target import Target
from signalbox.models.config import Connection, Subscription
from signalbox.models.ids import ConnectionId, SubscriptionId

ONE_WAY: Final = frozenset({"pagerduty"})
"""The connectors that do not show the tasks of the provider of their name."""

_TEXTS: Final = TypeAdapter(list[str])
_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTarget:
    """The double that a connection leads to."""

    connection: ConnectionId
    url: str
    session: requests.Session

    def shown(self) -> Sequence[str]:
        """Return the texts that a person sees at the service, oldest first.

        Raises:
            Unreachable: The double does not answer.
        """
        try:
            answer = self.session.get(self.url + SHOWN_PATH, timeout=_TIMEOUT)
            return _TEXTS.validate_json(answer.content)
        except (requests.RequestException, ValidationError) as failure:
            raise Unreachable(f"{self.url} is no double") from failure

    def fail_once(self) -> None:
        """Let the double answer its next request with 503."""
        self.session.post(self.url + FAIL_PATH, timeout=_TIMEOUT)


@contextmanager
def connected_double(target: Target, connector: str) -> Iterator[DemoTarget]:
    """Connect the stack to a new double of the service that a connector calls.

    Raises:
        CommandError: There is no such connector, or no double for it.
        Unreachable: The stack does not answer.
    """
    stack = find_stack(target)
    if connector not in stack.connectors:
        known = ", ".join(sorted(stack.connectors))
        raise CommandError(f"there is no connector {connector!r}; there are {known}")
    url = double_url(local_stack(target).echo_url, connector)
    double = new_double(connector)
    name = ConnectionId(f"demo-{connector}-double")
    session = session_for(url)
    session.delete(url, timeout=_TIMEOUT)
    connection = _connection(double, name, connector, url)
    stack.connectors[connector].check(connection)
    subscription = Subscription(id=SubscriptionId(name), connection=name)
    stack.config.put(connection)
    secret = double.secret(url)
    if secret is not None:
        stack.connectors[connector].check_secret(connection, secret)
        stack.secrets.put(connection.secret_name, [secret])
    stack.config.put(subscription)
    try:
        yield DemoTarget(connection=name, url=url, session=session)
    finally:
        stack.config.remove(subscription)


def _connection(double: TargetDouble, name: ConnectionId, connector: str, url: str) -> Connection:
    return Connection(id=name, connector=connector, settings=dict(double.settings(url)))
