"""A connection to the double of a service, for as long as the scenario lasts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import requests
from pydantic import TypeAdapter, ValidationError
from typing_extensions import override

from cli.api_client import session_for
from cli.doubles.double import new_double
from cli.doubles.serve import FAIL_PATH, SHOWN_PATH, double_url
from cli.errors import CommandError, Unreachable
from cli.locate import find_stack, local_stack
from cli.stack import Stack
from cli.target import Target
from signalbox.models.connection import Connection
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.subscription import Subscription

if TYPE_CHECKING:
    from cli.demo.smtp import SmtpDouble

ONE_WAY: Final = frozenset({"pagerduty"})
"""The connectors that do not show the tasks of the provider of their name."""

_SMTP: Final = "smtp"
"""Not a connector: emails by a server, in place of SES."""

_TEXTS: Final = TypeAdapter(list[str])
_TIMEOUT: Final = 10.0


class DemoTarget(Protocol):
    """The double that a connection leads to."""

    @property
    def connection(self) -> ConnectionId:
        """Return the connection."""

    @property
    def url(self) -> str:
        """Return where the double is."""

    def shown(self) -> Sequence[str]:
        """Return the texts that a person sees at the service, oldest first.

        Raises:
            Unreachable: The double does not answer.
        """

    def fail_once(self) -> str:
        """Let the next request fail for a moment, and return how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDouble(DemoTarget):
    """A double that the local stack serves by HTTP."""

    connection: ConnectionId
    url: str
    session: requests.Session

    @override
    def shown(self) -> Sequence[str]:
        try:
            answer = self.session.get(self.url + SHOWN_PATH, timeout=_TIMEOUT)
            return _TEXTS.validate_json(answer.content)
        except (requests.RequestException, ValidationError) as failure:
            raise Unreachable(f"{self.url} is no double") from failure

    @override
    def fail_once(self) -> str:
        self.session.post(self.url + FAIL_PATH, timeout=_TIMEOUT)
        return "the next request to the service is answered with 503"


@dataclass(frozen=True, slots=True, kw_only=True)
class _MailServer(DemoTarget):
    """A double that the demo serves by SMTP."""

    connection: ConnectionId
    url: str
    double: "SmtpDouble"

    @override
    def shown(self) -> Sequence[str]:
        return self.double.shown()

    @override
    def fail_once(self) -> str:
        return self.double.fail_once()


@contextmanager
def connected_double(target: Target, connector: str) -> Iterator[DemoTarget]:
    """Connect the stack to a new double of the service that a connector calls.

    Raises:
        CommandError: There is no such connector, or no double for it.
        Unreachable: The stack does not answer.
    """
    stack = find_stack(target)
    running = local_stack(target)
    if connector == _SMTP:
        with _mail_server(stack, running.smtp_port) as server:
            yield server
        return
    if connector not in stack.connectors:
        known = ", ".join(sorted({*stack.connectors, _SMTP}))
        raise CommandError(f"there is no connector {connector!r}; there are {known}")
    url = double_url(running.echo_url, connector)
    double = new_double(connector)
    session = session_for(url)
    session.delete(url, timeout=_TIMEOUT)
    connection = Connection(
        id=ConnectionId(f"demo-{connector}-double"),
        connector=connector,
        settings=dict(double.settings(url)),
    )
    with _subscribed(stack, connection, double.secret(url)):
        yield ServedDouble(connection=connection.id, url=url, session=session)


@contextmanager
def _mail_server(stack: Stack, port: int) -> Iterator[DemoTarget]:
    from cli.demo.smtp import SmtpDouble, serve_smtp  # most demos send no email

    double = SmtpDouble()
    with serve_smtp(port, double) as access:
        connection = Connection(
            id=ConnectionId("demo-smtp-double"),
            connector="email",
            settings=dict(access.settings()),
        )
        with _subscribed(stack, connection, access.password):
            yield _MailServer(connection=connection.id, url=access.url, double=double)


@contextmanager
def _subscribed(stack: Stack, connection: Connection, secret: str | None) -> Iterator[None]:
    """Store a connection, and inside the block send every change to it."""
    connector = stack.connectors[connection.connector]
    connector.check(connection)
    subscription = Subscription(id=SubscriptionId(connection.id), connection=connection.id)
    stack.config.put(connection)
    if secret is not None:
        connector.check_secret(connection, secret)
        stack.secrets.put(connection.secret_name, [secret])
    stack.config.put(subscription)
    try:
        yield
    finally:
        stack.config.remove(subscription)
