"""What every connector promises, whatever the far side does."""

import logging
import ssl
import traceback
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings

from signalbox.egress.http_client import HttpClient
from signalbox.egress.responses import DEFAULT_RETRY_WAIT
from signalbox.models.backoff import LONGEST, SHORTEST
from signalbox.models.connection import Connection
from signalbox.models.errors import PayloadInvalid, SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.services.ports.notifications import Connector
from tests.builders import NOW, a_notification, an_alert
from tests.contract.hostile_inputs import notifications
from tests.fakes.certificates import FakeAuthority
from tests.fakes.http_server import FakeHttpServer, Fault, Received, Reply

TOTAL = 0.6
_MARGIN = 3.0
"""How late a busy machine may notice that the time is over; without a deadline it never does."""
_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no authority at all."""

CANARY = "Ca2Na3Ry4Zz5Qq6Ww7"


def fast(*trusted: str) -> HttpClient:
    """The real client, in a hurry and in the tests' time."""
    return HttpClient(
        trusted=trusted, connect=0.3, read=0.3, total=TOTAL, tls=_NOBODY, clock=lambda: NOW
    )


def patient(*trusted: str) -> HttpClient:
    """The same for who answers as soon as this machine lets it."""
    return HttpClient(trusted=trusted, tls=_NOBODY, clock=lambda: NOW)


class ConnectorContract:
    """Inherit, say how the connector is made, and what the far side answers.

    Put CANARY in every secret.
    """

    taken: ClassVar[Reply]
    refused: ClassVar[Reply]
    judged_by_status: ClassVar[bool] = False
    """Whether any answer with the status 200 is a success, whatever its body."""
    unnamed_wait: ClassVar[timedelta] = DEFAULT_RETRY_WAIT
    """How long is waited after too many requests, where the answer does not say."""

    def connector(self, http: HttpClient) -> Connector:
        raise NotImplementedError

    def connection(self, url: str) -> Connection:
        """One that leads to the server at this URL."""
        raise NotImplementedError

    def secrets(self, url: str) -> Sequence[str]:
        """Two, the current one first."""
        raise NotImplementedError

    def check_limits(self, request: Received) -> None:
        """Asserts that the far side would take this for well-formed."""
        raise NotImplementedError

    @pytest.fixture
    def server(self) -> Iterator[FakeHttpServer]:
        with FakeHttpServer().running() as server:
            server.usual = self.taken
            yield server

    def send(self, server: FakeHttpServer, notification: Notification | None = None) -> None:
        faulty = any(reply.fault is not Fault.NONE for reply in server.script)
        connector = self.connector(fast(server.url) if faulty else patient(server.url))
        secrets = self.secrets(server.url)
        connector.send(notification or a_notification(), self.connection(server.url), secrets)

    def refusal(self, server: FakeHttpServer) -> SendRefused:
        with pytest.raises(SendRefused) as refusal:
            self.send(server)
        return refusal.value

    def delay(self, server: FakeHttpServer) -> SendDelayed:
        with pytest.raises(SendDelayed) as delay:
            self.send(server)
        return delay.value

    def test_a_notification_is_sent_once(self, server: FakeHttpServer) -> None:
        self.send(server)

        assert len(server.received) == 1

    def test_an_alert_of_an_incident_is_sent_or_refused(self, server: FakeHttpServer) -> None:
        try:
            self.send(server, an_alert())
        except SendRefused:
            assert server.received == []
        else:
            assert server.received

    def test_its_own_settings_are_right(self, server: FakeHttpServer) -> None:
        self.connector(fast(server.url)).check(self.connection(server.url))

    def test_its_own_secrets_are_right(self, server: FakeHttpServer) -> None:
        for secret in self.secrets(server.url):
            self.connector(fast(server.url)).check_secret(self.connection(server.url), secret)

    def test_settings_it_does_not_know_are_wrong(self, server: FakeHttpServer) -> None:
        connection = self.connection(server.url)
        odd = connection.model_copy(update={"settings": {**connection.settings, "odd": CANARY}})

        with pytest.raises(PayloadInvalid) as wrong:
            self.connector(fast(server.url)).check(odd)

        assert "odd" in wrong.value.reason
        assert CANARY not in wrong.value.reason

    def test_wrong_settings_are_refused_without_a_call(self, server: FakeHttpServer) -> None:
        connection = self.connection(server.url).model_copy(update={"settings": {"odd": 1}})

        with pytest.raises(SendRefused):
            self.connector(fast(server.url)).send(
                a_notification(), connection, self.secrets(server.url)
            )

        assert not server.received

    @pytest.mark.parametrize(
        ("header", "after"),
        [
            ("7", timedelta(seconds=7)),
            ("0", SHORTEST),
            ("-30", SHORTEST),
            ("99999999999999", LONGEST),
            (format_datetime(NOW + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
            ("soon", None),
            ("", None),
        ],
    )
    def test_too_many_is_waited_for(
        self, server: FakeHttpServer, header: str, after: timedelta | None
    ) -> None:
        server.replies(Reply(status=429, headers={"Retry-After": header}))

        delay = self.delay(server)

        assert delay.after == (self.unnamed_wait if after is None else after)
        assert len(server.received) == 1

    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
    def test_trouble_on_the_far_side_may_pass(self, server: FakeHttpServer, status: int) -> None:
        server.replies(Reply(status=status, body=b"<html>oops</html>"))

        delay = self.delay(server)

        assert delay.after is None
        assert str(status) in delay.reason
        assert len(server.received) == 1

    def test_trouble_may_name_its_end(self, server: FakeHttpServer) -> None:
        server.replies(Reply(status=503, headers={"Retry-After": "20"}))

        assert self.delay(server).after == timedelta(seconds=20)

    @pytest.mark.parametrize(
        "fault",
        [Fault.RESET, Fault.HALF, Fault.HANG, Fault.DRIP, Fault.DRIP_HEADERS, Fault.GARBAGE],
    )
    def test_a_broken_answer_is_no_answer(
        self, server: FakeHttpServer, caplog: pytest.LogCaptureFixture, fault: Fault
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.replies(Reply(status=200, body=self.taken.body, fault=fault))
        began = monotonic()

        delay = self.delay(server)

        assert delay.after is None
        assert len(server.received) == 1
        assert monotonic() - began < TOTAL + _MARGIN
        assert CANARY not in _everything_about(delay) + caplog.text

    def test_an_endless_answer_ends(self, server: FakeHttpServer) -> None:
        server.replies(Reply(status=500, fault=Fault.ENDLESS))
        began = monotonic()

        self.delay(server)

        assert monotonic() - began < TOTAL + _MARGIN

    def test_nobody_there_may_pass(self) -> None:
        with FakeHttpServer().running() as gone:
            url = gone.url
        connector = self.connector(fast(url))

        with pytest.raises(SendDelayed):
            connector.send(a_notification(), self.connection(url), self.secrets(url))

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, server: FakeHttpServer, status: int) -> None:
        server.replies(Reply(status=status, headers={"Location": f"{server.url}/elsewhere"}))

        self.refusal(server)

        assert len(server.received) == 1

    def test_an_unknown_certificate_is_refused(self, tmp_path: Path) -> None:
        tls = FakeAuthority(tmp_path).server("127.0.0.1")

        with FakeHttpServer(tls).running() as stranger:
            refusal = self.refusal(stranger)

        assert "certificate" in refusal.reason
        assert not stranger.received

    def test_a_final_no_is_final(self, server: FakeHttpServer) -> None:
        server.replies(self.refused)

        refusal = self.refusal(server)

        assert refusal.reason
        assert len(server.received) == 1

    @pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 410, 429, 500])
    def test_no_secret_is_told_by_any_answer(
        self, server: FakeHttpServer, caplog: pytest.LogCaptureFixture, status: int
    ) -> None:
        caplog.set_level(logging.DEBUG)
        echo = f'{{"ok": false, "error": "{" ".join(self.secrets(server.url))}"}}'.encode()
        headers = {"Location": f"https://example.com/{CANARY}", "Bad Header": CANARY}
        server.usual = Reply(status=status, body=echo, headers=headers)
        taken = self.judged_by_status and status == HTTPStatus.OK

        with nullcontext() if taken else pytest.raises((SendRefused, SendDelayed)) as error:
            self.send(server)

        assert CANARY not in _everything_about(error.value if error else None) + caplog.text

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(notification=notifications())
    def test_any_task_is_told_within_the_limits(
        self, server: FakeHttpServer, notification: Notification
    ) -> None:
        server.received.clear()

        self.send(server, notification)

        self.check_limits(server.received[-1])


class SecretConnectorContract(ConnectorContract):
    """For one that needs a secret: say what the far side answers to one that it does not accept."""

    secret_refused: ClassVar[Reply]

    def test_an_older_secret_is_tried_where_the_current_one_is_not_accepted(
        self, server: FakeHttpServer
    ) -> None:
        server.replies(self.secret_refused, self.taken)

        self.send(server)

        assert len(server.received) == 2

    def test_where_no_secret_is_accepted_each_is_tried_once(self, server: FakeHttpServer) -> None:
        server.usual = self.secret_refused

        self.refusal(server)

        assert len(server.received) == 2

    def test_without_a_secret_nothing_is_sent(self, server: FakeHttpServer) -> None:
        with pytest.raises(SendRefused, match="no secret"):
            self.connector(fast(server.url)).send(a_notification(), self.connection(server.url), [])

        assert not server.received


def _everything_about(error: BaseException | None) -> str:
    """What any log might print of an error, and of all that led to it."""
    text = ""
    while error is not None:
        text += "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
        error = error.__cause__ or error.__context__
    return text
