import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from cli.api_client import ApiError, ApiUnavailable
from cli.errors import CommandError
from cli.listen.feed import DeliveryFeed
from cli.listen.forward import ForwardedDelivery, ListenTarget
from cli.listen.run import Listener
from cli.operator_client import OperatorClient
from cli.output import Output
from signalbox.auth.api_keys import new_key
from signalbox.http.body_view import body_view
from signalbox.http.schemas.deliveries import DeliverySummary, DeliveryView
from signalbox.models.delivery import DuplicateCount
from signalbox.models.ids import DeliveryId
from signalbox.providers.github.provider import GitHub
from signalbox.services.pagination import Window
from signalbox.services.ports.time import utc_now
from tests.builders import NOW, SECRET, a_delivery
from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.fakes.http_server import FakeHttpServer, Fault, Reply

SINCE = "--since=2026-01-01"
BODY = b'{"token": "sbx_live_0000000000000", "odd": "\xff"}'


@pytest.fixture
def target() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


def a_view(number: int = 1, at: datetime = NOW) -> DeliveryView:
    delivery = a_delivery(id=DeliveryId(f"dlv_{number}"), received_at=at)
    facts = delivery.model_dump(include=set(DeliveryView.model_fields))
    return DeliveryView.model_validate(
        {**facts, "duplicates": DuplicateCount(), "body": body_view(BODY)}
    )


def a_summary(number: int, at: datetime = NOW) -> DeliverySummary:
    return DeliverySummary.model_validate(
        a_view(number, at).model_dump(include=set(DeliverySummary.model_fields))
    )


@dataclass
class FakeOperator:
    """What the listener needs of an OperatorClient. `errors` are raised first, one by one."""

    listed: list[DeliverySummary] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    filters: list[dict[str, str]] = field(default_factory=list)

    def client(self) -> OperatorClient:
        return cast("OperatorClient", self)

    def deliveries(self, filters: dict[str, str], _limit: int) -> list[DeliverySummary]:
        self._raise()
        self.filters.append(filters)
        since = datetime.fromisoformat(filters.get("since", "2000-01-01T00:00:00Z"))
        return sorted(
            (each for each in self.listed if each.received_at >= since),
            key=lambda each: each.received_at,
            reverse=True,
        )

    def delivery(self, delivery: str) -> DeliveryView:
        self._raise()
        return a_view(int(delivery.removeprefix("dlv_")))

    def delivery_body(self, _delivery: str) -> bytes:
        self._raise()
        return BODY

    def _raise(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


def a_feed(operator: FakeOperator) -> DeliveryFeed:
    return DeliveryFeed(operator=operator.client(), provider="github", source="default", since=NOW)


def a_listener(
    operator: FakeOperator,
    target: FakeHttpServer,
    sleep: Callable[[float], None],
    **options: bool,
) -> Listener:
    return Listener(
        operator=operator.client(),
        feed=a_feed(operator),
        target=ListenTarget(url=target.url, retries=0),
        output=Output(),
        every=2.0,
        sleep=sleep,
        **options,
    )


def ids(found: Sequence[DeliverySummary]) -> list[str]:
    return [each.id for each in found]


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_the_bytes_and_recorded_headers_of_a_delivery_arrive(
    signalbox: CommandLine, served: Served, target: FakeHttpServer
) -> None:
    signalbox("send", "github", "issue_comment", "--text", "/agent é", "--secret", SECRET)

    result = signalbox("listen", "github", "--forward", f"{target.url}/hooks?a=b", SINCE, "--once")

    (received,) = target.received
    (delivery,) = served.wiring.deliveries.newest("github", "default", Window())
    assert result.code == 0
    assert received.path == "/hooks?a=b"
    assert received.body == served.wiring.deliveries.get_stored(delivery.id).body
    assert received.headers["x-github-event"] == "issue_comment"
    assert received.headers["x-github-delivery"] == delivery.key
    assert received.headers["x-signalbox-delivery"] == delivery.id
    assert received.headers["host"] == target.url.removeprefix("http://")
    assert "x-hub-signature-256" not in received.headers
    assert f"{delivery.id}  issue_comment.created  accepted" in result.out
    assert "->  200 (" in result.out


def test_a_backlog_is_forwarded_oldest_first(
    signalbox: CommandLine, target: FakeHttpServer
) -> None:
    for event in ("star", "push", "ping"):
        signalbox("send", "github", event, "--secret", SECRET)

    result = signalbox("listen", "github", "--forward", target.url, SINCE, "--once", "--json")

    rows = [ForwardedDelivery.model_validate_json(line) for line in result.out.splitlines()]
    assert [row.event for row in rows] == ["star", "push", "ping"]
    assert [received.headers["x-github-event"] for received in target.received] == [
        "star",
        "push",
        "ping",
    ]


def test_with_a_secret_the_target_can_verify(
    signalbox: CommandLine, target: FakeHttpServer
) -> None:
    signalbox("send", "github", "star", "--secret", SECRET)

    signalbox("listen", "github", "--forward", target.url, SINCE, "--once", "--secret", "local")

    (received,) = target.received
    request = a_target(target).request(a_view(), received.body).with_headers(received.headers)
    assert GitHub().verify(request, ["local"]) == 0


def test_without_a_backlog_once_ends_with_nothing(
    signalbox: CommandLine, target: FakeHttpServer
) -> None:
    result = signalbox("listen", "github", "--forward", target.url, SINCE, "--once")

    assert (result.code, result.out) == (0, "")
    assert "0 forwarded" in result.err


def test_a_refusal_is_printed_and_fails_once(
    signalbox: CommandLine, target: FakeHttpServer
) -> None:
    signalbox("send", "github", "star", "--secret", SECRET)
    target.usual = Reply(status=500)

    result = signalbox("listen", "github", "--forward", target.url, SINCE, "--once")

    assert result.code == 1
    assert "->  500 (" in result.out
    assert "1 forwarded, 1 not accepted" in result.err


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (["githup", "--forward", "http://127.0.0.1:9"], 1, 'did you mean "github"?'),
        (["github", "--forward", "localhost:3000"], 1, "is not a URL"),
        (["github/", "--forward", "http://127.0.0.1:9"], 2, ""),
        (["github"], 2, ""),
    ],
)
def test_bad_input_is_refused(
    signalbox: CommandLine, words: list[str], code: int, problem: str
) -> None:
    result = signalbox("listen", *words)

    assert result.code == code
    assert problem in result.err


def test_a_viewer_may_not_forward_bodies(
    signalbox: CommandLine, served: Served, target: FakeHttpServer
) -> None:
    signalbox("send", "github", "star", "--secret", SECRET)
    viewer = new_key(
        served.wiring.settings.key_environment,
        name="viewer",
        roles=("viewer",),
        scopes=(),
        created_by="tests",
        now=utc_now(),
    )
    served.wiring.keys.put(viewer.stored)

    result = CommandLine(options=["--url", served.url, "--key", viewer.text])(
        "listen", "github", "--forward", target.url, SINCE, "--once"
    )

    assert result.code == 1
    assert "deliveries:body" in result.err
    assert target.received == []


def a_target(server: FakeHttpServer, **options: object) -> ListenTarget:
    return ListenTarget(**{"url": server.url, "retries": 0, **options})  # type: ignore[arg-type]


def test_a_target_that_is_down_is_tried_again_with_growing_pauses(target: FakeHttpServer) -> None:
    pauses: list[float] = []
    warnings: list[str] = []
    target.replies(Reply(fault=Fault.RESET), Reply(fault=Fault.RESET), Reply(fault=Fault.RESET))

    sent = a_target(target, retries=5, sleep=pauses.append, warn=warnings.append).forward(
        a_view(), BODY
    )

    assert (sent.status, sent.attempts, sent.reason) == (200, 4, "")
    assert pauses == [0.5, 1.0, 2.0]
    assert len(warnings) == 3
    assert all(received.body == BODY for received in target.received)


def test_a_target_that_stays_down_is_skipped_with_the_reason(target: FakeHttpServer) -> None:
    pauses: list[float] = []
    target.usual = Reply(fault=Fault.RESET)

    sent = a_target(target, retries=7, sleep=pauses.append).forward(a_view(), BODY)

    assert (sent.status, sent.attempts, sent.good) == (None, 8, False)
    assert sent.reason == "ConnectionError"
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_is_an_answer_and_is_not_retried(target: FakeHttpServer, status: int) -> None:
    target.usual = Reply(status=status, headers={"location": target.url})

    sent = a_target(target, retries=5).forward(a_view(), BODY)

    assert (sent.status, sent.attempts, sent.good) == (status, 1, False)
    assert len(target.received) == 1


@pytest.mark.parametrize("url", ["localhost:3000", "ftp://127.0.0.1/x", "/hooks", "http://"])
def test_a_target_is_an_http_url(url: str) -> None:
    with pytest.raises(CommandError, match="is not a URL"):
        ListenTarget(url=url, retries=0)


def test_a_feed_returns_each_delivery_once_and_in_order() -> None:
    operator = FakeOperator(listed=[a_summary(1, after(1)), a_summary(2, after(2))])
    feed = a_feed(operator)

    first = feed.poll()
    operator.listed += [a_summary(4, after(9)), a_summary(3, after(5))]
    second = feed.poll()

    assert (ids(first), ids(second)) == (["dlv_1", "dlv_2"], ["dlv_3", "dlv_4"])
    assert feed.poll() == []


def test_a_delivery_that_is_listed_late_is_not_missed() -> None:
    operator = FakeOperator(listed=[a_summary(2, after(100))])
    feed = a_feed(operator)
    feed.poll()

    operator.listed.append(a_summary(1, after(70)))

    assert ids(feed.poll()) == ["dlv_1"]


def test_a_feed_reads_no_more_than_it_needs() -> None:
    operator = FakeOperator(listed=[a_summary(1, after(100))])
    feed = a_feed(operator)

    feed.poll()
    feed.poll()

    assert [filters["since"] for filters in operator.filters] == [
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:40Z",
    ]
    assert datetime(2026, 3, 1, 12, tzinfo=UTC) == NOW


def test_a_feed_does_not_forget_what_is_still_listed() -> None:
    operator = FakeOperator(listed=[a_summary(1, after(0)), a_summary(2, after(1))])
    feed = a_feed(operator)
    feed.poll()

    operator.listed.append(a_summary(3, after(61)))

    assert ids(feed.poll()) == ["dlv_3"]
    assert feed.poll() == []


def test_ctrl_c_ends_it_cleanly(target: FakeHttpServer, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    operator = FakeOperator(listed=[a_summary(1)])

    good = a_listener(operator, target, interrupted, backlog=True).run()

    assert good
    assert "1 forwarded, 0 not accepted" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_and_is_handled_as_before_afterwards(
    target: FakeHttpServer, number: signal.Signals
) -> None:
    before = signal.getsignal(number)

    def signalled(_seconds: float) -> None:
        os.kill(os.getpid(), number)

    good = a_listener(FakeOperator(), target, signalled).run()

    assert good
    assert signal.getsignal(number) is before


def test_live_deliveries_are_waited_for_and_once_ends_with_the_first(
    target: FakeHttpServer,
) -> None:
    operator = FakeOperator(listed=[a_summary(1, after(5)), a_summary(2, after(9))])
    pauses: list[float] = []

    def later(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            operator.listed.append(a_summary(7, after(10)))

    a_listener(operator, target, later, once=True).run()

    assert pauses == [2.0, 2.0, 2.0]
    assert [received.headers["x-signalbox-delivery"] for received in target.received] == ["dlv_7"]


def test_an_api_that_is_away_is_waited_for_and_nothing_is_lost(target: FakeHttpServer) -> None:
    operator = FakeOperator(listed=[a_summary(1)])
    pauses: list[float] = []
    listener = a_listener(operator, target, pauses.append, once=True, backlog=True)
    listener.feed = _FailingAfterPoll(operator=operator.client())

    listener.run()

    assert pauses == [7.0, 4.0]
    assert [received.body for received in target.received] == [BODY]


def test_an_api_that_is_away_at_the_start_fails(target: FakeHttpServer) -> None:
    operator = FakeOperator(errors=[ApiUnavailable("away")])

    with pytest.raises(ApiUnavailable):
        a_listener(operator, target, lambda _seconds: None).run()


def test_a_delivery_that_has_expired_is_skipped(
    target: FakeHttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = FakeOperator(listed=[a_summary(1)])
    listener = a_listener(operator, target, lambda _seconds: None, once=True, backlog=True)
    listener.feed = _ExpiringAfterPoll(operator=operator.client())

    good = listener.run()

    assert not good
    assert "skipped: it has expired" in capsys.readouterr().out
    assert target.received == []


@dataclass(slots=True, kw_only=True)
class _FailingAfterPoll(DeliveryFeed):
    """A feed after whose poll the API is away twice."""

    provider: str = "github"
    source: str = "default"
    since: datetime = NOW

    def poll(self) -> Sequence[DeliverySummary]:
        operator = cast("FakeOperator", self.operator)
        found = DeliveryFeed.poll(self)
        operator.errors = [ApiUnavailable("away", after=7.0), ApiUnavailable("away")]
        return found


@dataclass(slots=True, kw_only=True)
class _ExpiringAfterPoll(DeliveryFeed):
    """A feed after whose poll the delivery is gone."""

    provider: str = "github"
    source: str = "default"
    since: datetime = NOW

    def poll(self) -> Sequence[DeliverySummary]:
        operator = cast("FakeOperator", self.operator)
        found = DeliveryFeed.poll(self)
        operator.errors = [ApiError(404, "not_found")]
        return found
