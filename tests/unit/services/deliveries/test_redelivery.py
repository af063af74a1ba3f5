from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest

from signalbox.models.delivery import Delivery, DeliveryStatus
from signalbox.models.errors import SendDelayed, SendRefused, Unavailable
from signalbox.models.ids import delivery_id
from signalbox.models.redelivery import (
    MAX_OPEN_DELIVERIES,
    MissedDelivery,
    RedeliveryState,
    missed_delivery,
)
from signalbox.models.source import Source
from signalbox.services.deliveries.redelivery import RedeliverMissed
from signalbox.services.deliveries.redelivery_run import RedeliveryResult, RedeliveryTools
from signalbox.services.ports.redelivery import AttemptGone, DeliveryLog
from tests.builders import NOW, a_source
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.redelivery import FakeDeliveryLog, FakeRedeliveryStore

FIVE_MINUTES = timedelta(minutes=5)
MANY = 60.0


class Desk:
    """A use case with its stores, and a log for each source."""

    def __init__(self, *sources: Source) -> None:
        self.clock = FakeClock()
        self.store = FakeRedeliveryStore()
        self.deliveries = FakeDeliveryStore()
        self.sources = sources or (a_source(),)
        self.log = FakeDeliveryLog()
        self.logs: dict[str, DeliveryLog] = {source.key: self.log for source in self.sources}
        self.errors: dict[str, SendRefused | Unavailable] = {}
        self.use = RedeliverMissed(
            config=FakeConfigStore(*self.sources),
            open_log=self._open,
            tools=RedeliveryTools(deliveries=self.deliveries, store=self.store, clock=self.clock),
            random=Random(7),
        )

    def _open(self, source: Source) -> DeliveryLog | None:
        if error := self.errors.get(source.key):
            raise error
        return self.logs.get(source.key)

    def run(self, time_left: Callable[[], float] = lambda: MANY) -> RedeliveryResult:
        """A run, of which there is one outcome, at the end of five minutes."""
        (result,) = self.use(time_left)
        self.clock.advance(FIVE_MINUTES)
        return result

    def runs(self, period: timedelta) -> list[RedeliveryResult]:
        until = self.clock() + period
        results = []
        while self.clock() < until:
            results.append(self.run())
        return results

    def fail(self, key: str, status: int | None = 502, *, repeated: bool = False) -> int:
        return self.log.add(key, status, self.clock(), repeated=repeated).number

    def arrive(self, key: str, *, repeated: bool = False) -> None:
        """The provider delivers, and it is stored."""
        self.log.add(key, 202, self.clock(), repeated=repeated)
        self.keep(key)

    def keep(self, key: str) -> None:
        delivery = Delivery(
            id=delivery_id("github", "default", key),
            provider="github",
            source="default",
            key=key,
            received_at=self.clock(),
            status=DeliveryStatus.ACCEPTED,
            secret=0,
            size=2,
        )
        self.deliveries.create(delivery, b"{}")

    @property
    def state(self) -> RedeliveryState:
        return self.store.kept[self.sources[0].key]

    @property
    def open(self) -> list[str]:
        return [delivery.key for delivery in self.state.deliveries]


def test_a_delivery_that_failed_is_requested_and_healed_when_it_arrives() -> None:
    desk = Desk()
    desk.arrive("well")
    attempt = desk.fail("missed", None)

    first = desk.run()
    desk.arrive("missed", repeated=True)
    second = desk.run()

    assert (first.missed, first.requested, first.healed) == (1, 1, 0)
    assert desk.log.requested == [attempt]
    assert (second.missed, second.requested, second.healed) == (0, 0, 1)
    assert desk.open == []
    totals = desk.state
    assert (totals.missed, totals.requested, totals.healed, totals.unhealable) == (1, 1, 1, 0)


def test_nothing_is_requested_while_everything_arrives() -> None:
    desk = Desk()
    desk.arrive("one")

    results = desk.runs(timedelta(hours=2))

    assert desk.log.requested == []
    assert not any(result.failed or result.reason for result in results)


def test_a_delivery_that_is_stored_although_its_answer_was_late_is_not_missed() -> None:
    desk = Desk()
    desk.fail("late", None)
    desk.keep("late")

    result = desk.run()

    assert (result.missed, desk.log.requested) == (0, [])


def test_a_delivery_that_somebody_else_had_repeated_is_not_missed() -> None:
    desk = Desk()
    desk.fail("repeated")
    desk.log.add("repeated", 200, desk.clock(), repeated=True)

    assert (desk.run().missed, desk.log.requested) == (0, [])


def test_a_repeated_attempt_alone_misses_nothing() -> None:
    desk = Desk()
    desk.fail("given up before", repeated=True)

    assert (desk.run().missed, desk.log.requested) == (0, [])


def test_an_open_delivery_that_is_stored_when_it_is_due_is_healed_without_a_request() -> None:
    desk = Desk()
    desk.fail("refused", 401)
    desk.run()
    desk.keep("refused")

    results = desk.runs(timedelta(hours=2))

    assert sum(result.healed for result in results) == 1
    assert desk.log.requested == []


def test_requests_of_a_failing_delivery_have_growing_waits_and_an_end() -> None:
    desk = Desk()
    desk.fail("never")
    began = desk.clock()
    hours: list[float] = []

    def again(_: int) -> None:
        hours.append((desk.clock() - began) / timedelta(hours=1))
        desk.fail("never", repeated=True)

    desk.log.on_request = again
    results = desk.runs(timedelta(hours=70))

    assert [round(hour, 1) for hour in hours] == [0, 0.2, 1.2, 5.2, 21.2, 61.2]
    assert sum(result.unhealable for result in results) == 1
    assert [result.failed for result in results].count(True) == 1
    assert (desk.open, desk.state.missed, desk.state.requested) == ([], 1, 6)


def test_what_was_refused_is_requested_three_times_while_nothing_succeeds() -> None:
    desk = Desk()
    desk.fail("refused", 401)
    began = desk.clock()
    hours: list[float] = []

    def again(_: int) -> None:
        hours.append((desk.clock() - began) / timedelta(hours=1))
        desk.fail("refused", 401, repeated=True)

    desk.log.on_request = again
    results = desk.runs(timedelta(hours=70))

    assert hours == [1, 13, 61]
    assert sum(result.unhealable for result in results) == 1


def test_a_success_after_it_makes_a_refused_delivery_due() -> None:
    desk = Desk()
    attempt = desk.fail("wrong secret", 401)
    before = desk.run()
    desk.arrive("right secret")

    after = desk.run()

    assert (before.requested, after.requested) == (0, 1)
    assert desk.log.requested == [attempt]


def test_a_success_before_it_does_not() -> None:
    desk = Desk()
    desk.arrive("right secret")
    desk.fail("too large", 413)

    assert desk.run().requested == 0


def test_a_delivery_that_can_never_be_taken_is_given_up_among_successes() -> None:
    desk = Desk()
    desk.fail("too large", 413)
    desk.log.on_request = lambda _: desk.fail("too large", 413, repeated=True)
    results = []
    for number in range(20):
        desk.arrive(f"well-{number}")
        results.append(desk.run())

    assert len(desk.log.requested) == 3
    assert sum(result.unhealable for result in results) == 1
    assert desk.open == []


def test_a_delivery_that_is_too_old_is_given_up() -> None:
    desk = Desk()
    desk.log.max_age = timedelta(hours=2)
    desk.fail("refused", 401)
    results = desk.runs(timedelta(hours=3))

    assert sum(result.unhealable for result in results) == 1
    assert desk.open == []


def test_an_attempt_out_of_reach_is_not_read() -> None:
    desk = Desk()
    desk.log.max_age = timedelta(hours=2)
    desk.log.add("old", 502, NOW - timedelta(hours=3))
    desk.log.add("recent", 502, NOW - timedelta(hours=1))

    desk.run()

    assert desk.log.requested == [2]


def test_pages_are_read_down_to_the_last_complete_look_and_no_further() -> None:
    desk = Desk()
    desk.log.page_size = 2
    for number in range(6):
        desk.arrive(f"old-{number}")
    desk.clock.advance(timedelta(hours=1))
    desk.run()
    first, desk.log.pages = desk.log.pages, []
    desk.clock.advance(timedelta(hours=1))
    desk.fail("new")

    desk.run()

    assert first == [None, "4", "2"]
    assert desk.log.pages == [None]
    assert desk.log.requested == [7]


def test_what_is_listed_late_is_found_by_the_next_look() -> None:
    desk = Desk()
    began = desk.clock()
    desk.arrive("on time")
    desk.run()

    desk.log.add("late", None, began - timedelta(minutes=2))

    assert desk.run().missed == 1


def test_a_log_that_is_too_long_for_one_run_is_read_on_in_the_next() -> None:
    desk = Desk()
    desk.log.page_size = 1
    desk.fail("oldest")
    for number in range(29):
        desk.arrive(f"well-{number}")

    first = desk.run()
    looked_at = desk.state.looked_at
    desk.arrive("meanwhile")
    second = desk.run()

    assert "more pages" in first.reason
    assert (first.requested, looked_at) == (0, None)
    assert (second.requested, second.reason) == (1, "")
    assert desk.state.looked_at == NOW
    assert desk.log.pages[20] == "10"


def test_a_look_goes_on_where_the_time_was_over() -> None:
    desk = Desk()
    desk.log.page_size = 1
    for key in ("one", "two", "three"):
        desk.fail(key)
    left = [MANY]
    desk.log.on_page = lambda: left.append(left.pop() - 25)

    first = desk.run(lambda: left[0])
    second = desk.run()

    assert "no time" in first.reason
    assert (first.missed, first.requested) == (2, 0)
    assert (second.missed, second.requested) == (1, 3)


def test_a_refused_cursor_lets_the_look_begin_anew() -> None:
    desk = Desk()
    desk.log.page_size = 1
    for number in range(25):
        desk.fail(f"missed-{number}")
    desk.run()
    desk.log.page_errors = [SendRefused("no such cursor")]
    refused = desk.run()

    results = [desk.run(), desk.run()]

    assert refused.reason == "no such cursor"
    assert desk.log.pages[21] is None
    assert [result.reason for result in results] == [
        "the log has more pages than one run reads",
        "",
    ]
    assert desk.state.missed == 25


def test_an_error_in_the_middle_of_a_look_keeps_what_was_read() -> None:
    desk = Desk()
    desk.log.page_size = 1
    desk.fail("one")
    desk.fail("two")
    calls = iter((None, SendDelayed("no answer")))
    desk.log.on_page = lambda: desk.log.page_errors.extend(filter(None, [next(calls, None)]))

    first = desk.run()
    second = desk.run()

    assert (first.missed, first.requested, first.reason) == (1, 0, "no answer")
    assert (second.missed, second.requested, second.reason) == (1, 2, "")
    assert desk.log.pages == [None, "1", "1"]


def test_no_call_is_made_before_the_time_that_the_provider_asked_for() -> None:
    desk = Desk()
    desk.fail("missed")
    desk.log.page_errors = [SendDelayed("rate limit", timedelta(minutes=12))]

    results = [desk.run() for _ in range(4)]

    assert [result.reason for result in results] == [
        "rate limit",
        *["the provider asked to wait"] * 2,
        "",
    ]
    assert len(desk.log.pages) == 2
    assert desk.log.requested == [1]


def test_a_rate_limit_among_requests_leaves_the_others_due() -> None:
    desk = Desk()
    for key in ("one", "two", "three"):
        desk.fail(key)
    errors = iter((None, SendDelayed("rate limit", timedelta(minutes=1))))
    desk.log.on_request = lambda _: desk.log.request_errors.extend(
        filter(None, [next(errors, None)])
    )

    first = desk.run()
    counts = {delivery.key: delivery.requests for delivery in desk.state.deliveries}
    second = desk.run()

    assert (first.requested, first.reason) == (1, "rate limit")
    assert counts == {"one": 1, "two": 0, "three": 0}
    assert second.requested == 2
    assert desk.log.requested == [1, 2, 3]


def test_an_absurd_wait_is_cut() -> None:
    desk = Desk()
    desk.log.page_errors = [SendDelayed("rate limit", timedelta(days=400))]

    desk.run()

    assert desk.state.blocked_until == NOW + timedelta(hours=2)


def test_requests_are_bounded_in_a_run_and_the_oldest_come_first() -> None:
    desk = Desk()
    desk.log.max_requests = 2
    for key in ("one", "two", "three"):
        desk.fail(key)
        desk.clock.advance(seconds=1)

    desk.run()
    first = list(desk.log.requested)
    desk.run()

    assert first == [1, 2]
    assert desk.log.requested == [1, 2, 3]


def test_requests_end_after_three_without_an_answer_and_the_others_stay_due() -> None:
    desk = Desk()
    for number in range(5):
        desk.fail(f"missed-{number}")
    desk.log.request_errors = [SendDelayed("no answer") for _ in range(3)]

    first = desk.run()
    second = desk.run()

    assert (first.requested, first.reason) == (3, "no answer")
    assert (second.requested, desk.log.requested) == (2, [4, 5])


def test_requests_end_when_the_time_is_over() -> None:
    desk = Desk()
    for key in ("one", "two", "three"):
        desk.fail(key)
    left = [MANY]
    desk.log.on_request = lambda _: left.append(left.pop() - 25)

    first = desk.run(lambda: left[0])
    second = desk.run()

    assert (first.requested, second.requested) == (2, 1)
    assert "no time" in first.reason


def test_requests_that_the_token_does_not_allow_fail_and_stay_due() -> None:
    desk = Desk()
    desk.fail("missed")
    desk.log.request_errors = [SendRefused("the token may not")]

    refused = desk.run()
    allowed = desk.run()

    assert (refused.failed, refused.requested, refused.reason) == (True, 0, "the token may not")
    assert (allowed.failed, allowed.requested) == (False, 1)


def test_an_attempt_that_the_provider_does_not_repeat_is_unhealable() -> None:
    desk = Desk()
    desk.fail("gone")
    desk.log.request_errors = [AttemptGone("no such delivery")]

    result = desk.run()

    assert (result.unhealable, result.requested, result.failed) == (1, 0, True)
    assert desk.open == []


def test_two_runs_at_the_same_time_request_once() -> None:
    desk = Desk()
    desk.fail("missed")
    other: list[RedeliveryResult] = []

    def overtake() -> None:
        desk.log.on_page = int
        other.extend(desk.use(lambda: MANY))

    desk.log.on_page = overtake
    mine = desk.run()

    assert [result.requested for result in other] == [1]
    assert (mine.requested, mine.reason) == (0, "another run is at work")
    assert desk.log.requested == [1]


def test_a_run_that_another_one_follows_too_early_has_still_made_its_requests() -> None:
    desk = Desk()
    desk.fail("missed")
    desk.log.on_request = lambda _: desk.store.replace(
        desk.sources[0], desk.state.model_copy(update={"version": desk.state.version + 1})
    )

    result = desk.run()

    assert (result.requested, desk.log.requested) == (1, [1])
    assert [delivery.requests for delivery in desk.state.deliveries] == [1]


def test_a_log_is_not_read_on_while_too_many_are_open() -> None:
    desk = Desk()
    desk.log.max_requests = 1
    desk.log.page_size = 1
    state = RedeliveryState(
        created_at=NOW,
        version=1,
        deliveries=tuple(_opened(number, NOW) for number in range(MAX_OPEN_DELIVERIES)),
    )
    desk.store.kept[desk.sources[0].key] = state
    desk.fail("new")

    full = desk.run()
    for number in range(MAX_OPEN_DELIVERIES):
        desk.keep(f"open-{number}")
    drained = desk.run()
    after = desk.run()

    assert (full.missed, full.requested) == (0, 1)
    assert "too many" in full.reason
    assert drained.healed == MAX_OPEN_DELIVERIES - 1
    assert after.missed == 1


def _opened(number: int, at: datetime) -> MissedDelivery:
    return missed_delivery(f"open-{number}", number, 502, at)


def test_a_log_without_times_is_read_by_the_numbers_of_its_attempts() -> None:
    desk = Desk()
    desk.log.page_size = 2
    for key in ("one", "two", "three"):
        desk.log.add(key, 502)
    desk.run()
    first, desk.log.pages = desk.log.pages, []
    desk.log.add("four", None)

    result = desk.run()

    assert first == [None, "1"]
    assert desk.log.pages == [None]
    assert (result.missed, result.requested) == (1, 1)


def test_a_source_whose_log_cannot_be_read_for_an_hour_has_failed() -> None:
    desk = Desk()
    desk.log.page_errors = [SendRefused("the token is not accepted")] * 100

    results = desk.runs(timedelta(minutes=70))
    desk.log.page_errors = []
    healed = desk.run()

    assert [result.failed for result in results] == [False] * 13 + [True]
    assert {result.reason for result in results} == {"the token is not accepted"}
    assert (healed.failed, healed.reason) == (False, "")


def test_a_source_without_a_token_has_failed_after_an_hour() -> None:
    desk = Desk()
    desk.errors["github/default"] = SendRefused("there is no token")

    results = desk.runs(timedelta(minutes=70))

    assert [result.failed for result in results] == [False] * 13 + [True]
    assert {result.reason for result in results} == {"there is no token"}


def test_the_trouble_of_one_source_does_not_stop_the_others() -> None:
    sources = tuple(a_source(name=name) for name in ("a", "b", "c", "d"))
    desk = Desk(*sources)
    desk.errors["github/a"] = Unavailable("the secrets did not answer")
    for source in sources[1:]:
        desk.logs[source.key] = FakeDeliveryLog()
    broken = FakeDeliveryLog()
    broken.page_errors = [SendDelayed("no answer")]
    desk.logs["github/b"] = broken
    del desk.logs["github/c"]

    reasons = {result.source.name: result.reason for result in desk.use(lambda: MANY)}

    assert reasons == {"a": "the secrets did not answer", "b": "no answer", "d": ""}


def test_a_disabled_source_is_left_alone() -> None:
    desk = Desk(a_source(enabled=False))

    assert list(desk.use(lambda: MANY)) == []


@pytest.mark.parametrize("part", ["store", "deliveries"])
def test_without_the_stores_nothing_is_requested(part: str) -> None:
    desk = Desk()
    desk.fail("missed")
    getattr(desk, part).down = True

    result = desk.run()
    getattr(desk, part).down = False
    after = desk.run()

    assert (result.requested, result.state) == (0, None)
    assert "did not answer" in result.reason
    assert after.requested == 1


def test_sources_share_the_time_that_is_left() -> None:
    sources = tuple(a_source(name=name) for name in ("a", "b"))
    desk = Desk(*sources)
    left = [MANY]
    logs = []
    for source in sources:
        log = FakeDeliveryLog(page_size=1)
        for number in range(30):
            log.add(f"well-{number}", 202, desk.clock())
        log.on_page = lambda: left.append(left.pop() - 9)
        desk.logs[source.key] = log
        logs.append(log)

    results = list(desk.use(lambda: left[0]))

    assert all("no time" in result.reason for result in results)
    assert all(len(log.pages) >= 2 for log in logs)
