"""Deliveries that are answered first and interpreted afterwards."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import pytest

from signalbox.models.burst import BurstCap
from signalbox.models.deferral import ATTEMPT_LEASE, MAX_INTERPRET_ATTEMPTS
from signalbox.models.delivery import Deferral, DeliveryStatus, KeepBodies, StoredDelivery
from signalbox.models.errors import SendDelayed, SendRefused, Unavailable
from signalbox.models.event import Author, Event
from signalbox.models.ids import DeliveryId
from signalbox.models.request import InboundRequest
from signalbox.models.source import CommandPermission, Source
from signalbox.providers.github.provider import GitHub
from signalbox.providers.slack.provider import Slack
from signalbox.services.deliveries.interpret_deferred import InterpretDeferred
from signalbox.services.deliveries.permissions import AskPermission, CheckPermission
from signalbox.services.deliveries.receive import ReceiveResult, ReceiveWebhook
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.deliveries.run_deferred import DeferredRun, RunDeferred
from signalbox.services.ports.deliveries import Provider
from tests.builders import SECRET, a_request, a_source
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.dependents import awaiting
from tests.fakes.tasks import FakeTaskStore
from tests.samples import request_of, sample

RETENTION: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
_SECRETS: Final = {"sources/github/ci": [SECRET]}
SLACK: Final = a_source(
    provider="slack", permission=CommandPermission.REQUIRED, settings={"user_group": "S0123ABCD"}
)


OPEN: Final = a_source(provider="slack")


class Died(BaseException):
    """The process ended, and nothing more was done."""


class Permissions:
    """An API of permissions that answers so, and counts how often it is asked."""

    def __init__(self, answer: bool | Exception = True) -> None:  # noqa: FBT001, FBT002  what it answers
        self.answer = answer
        self.asked = 0

    def opened(self, _source: Source) -> AskPermission:
        return self

    def __call__(self, _event: Event, _person: Author) -> bool:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class System:
    """The use cases around stores in memory, and an API of permissions."""

    def __init__(self, source: Source, provider: Provider, clock: FakeClock) -> None:
        self.provider, self.clock = provider, clock
        self.config = FakeConfigStore(source)
        self.deliveries, self.tasks = FakeDeliveryStore(), FakeTaskStore()
        self.permissions = Permissions()
        self.sent: list[str] = []
        self.errors: list[BaseException] = []
        self._arrival = 0
        asked_here = CheckPermission(open_permissions=self.permissions.opened, clock=clock)
        self.receive = ReceiveWebhook(
            provider=provider,
            config=self.config,
            secrets=FakeSecretStore(clock, _SECRETS | {source.secret_name: [SECRET]}),
            tasks=self.tasks,
            deliveries=self.deliveries,
            clock=clock,
            retention=RETENTION,
            permission=asked_here.within,
            take_slot=self._take_slot,
            wait=awaiting(self.tasks),
        )
        asked_there = CheckPermission(open_permissions=self.permissions.opened, clock=clock)
        self.interpret = InterpretDeferred(
            deliveries=self.deliveries,
            tasks=self.tasks,
            reinterpret=ReinterpretDelivery(
                config=self.config,
                providers={provider.name: lambda: provider},
                clock=clock,
                retention=RETENTION,
            ),
            permission=asked_there,
            permission_within=asked_there.within,
            follow_up=self._follow_up,
            clock=clock,
            wait=awaiting(self.tasks),
        )

    def run(self, seconds: float = 60) -> DeferredRun:
        """What is done by a run that has so many seconds."""
        until = self.clock() + seconds * SECOND
        run = RunDeferred(
            deliveries=self.deliveries,
            config=self.config,
            interpret=self.interpret,
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        return run(partial(self._left, until))

    def _left(self, until: datetime) -> float:
        return (until - self.clock()).total_seconds()

    def status(self, delivery: DeliveryId) -> DeliveryStatus:
        return self.deliveries.get(delivery).status

    def deferral(self, delivery: DeliveryId) -> Deferral:
        found = self.deliveries.get(delivery).deferral
        assert found is not None
        return found

    def _take_slot(self, _source: Source, cap: BurstCap, now: datetime) -> datetime:
        self._arrival = cap.arrival_after(self._arrival, now)
        return cap.slot(self._arrival, now)

    def _follow_up(self, _stored: StoredDelivery, outcome: str) -> None:
        self.sent.append(outcome)
        if self.errors:
            raise self.errors.pop(0)


def slash_command() -> tuple[System, ReceiveResult]:
    """A slash command whose permission cannot be asked within Slack's deadline."""
    return of_slack("slash_command", SLACK)


def of_slack(name: str, source: Source) -> tuple[System, ReceiveResult]:
    """A sample of Slack that a source has received."""
    clock = FakeClock()
    provider = Slack(clock=clock)
    system = System(source, provider, clock)
    recorded = sample("slack", name)
    request = request_of("slack", dict(recorded.headers), recorded.raw)
    return system, system.receive(provider.sign(request, SECRET))


def of_github(**settings: object) -> System:
    return System(a_source(**settings), GitHub(), FakeClock())


def comment(delivery: str, text: str = "/agent fix the login") -> InboundRequest:
    body = sample("github", "issue_comment.created").body
    written = body["comment"]
    assert isinstance(written, dict)
    return a_request({**body, "comment": {**written, "body": text}}, delivery=delivery)


class TestAPermissionThatDoesNotFitTheDeadline:
    def test_is_asked_after_the_answer(self) -> None:
        system, result = slash_command()
        asked_before = system.permissions.asked

        after = system.interpret(result.delivery)

        assert (asked_before, system.permissions.asked) == (0, 1)
        assert result.status is DeliveryStatus.PENDING
        assert after is not None
        assert after.status is DeliveryStatus.ACCEPTED
        assert list(after.task_ids) == list(system.tasks.kept)

    def test_is_answered_in_the_form_of_the_provider(self) -> None:
        _, result = slash_command()

        assert result.answer is not None
        assert result.answer.status == 200
        assert result.answer.body is not None
        assert "The result follows." in result.answer.body

    def test_leaves_no_task_before_it_is_known(self) -> None:
        system, result = slash_command()

        assert system.tasks.kept == {}
        assert "time to ask" in (system.deliveries.get(result.delivery).reason or "")

    def test_is_deferred_where_a_cold_start_has_taken_the_time(self) -> None:
        system = of_github(permission=CommandPermission.REQUIRED)
        late = replace(comment("late"), received_at=system.clock() - 5 * SECOND)

        result = system.receive(late)

        assert result.status is DeliveryStatus.PENDING
        assert system.permissions.asked == 0

    def test_is_answered_at_once_where_there_is_time_or_the_answer_is_cached(self) -> None:
        system = of_github(permission=CommandPermission.REQUIRED)
        late = replace(comment("late"), received_at=system.clock() - 5 * SECOND)

        statuses = [system.receive(request).status for request in (comment("first"), late)]

        assert statuses == [DeliveryStatus.ACCEPTED] * 2
        assert system.permissions.asked == 1

    def test_is_deferred_where_the_provider_does_not_answer_now(self) -> None:
        system = of_github(permission=CommandPermission.REQUIRED)
        system.permissions.answer = SendDelayed("no answer")
        result = system.receive(comment("one"))
        system.permissions.answer = True

        system.interpret(result.delivery)

        assert result.status is DeliveryStatus.PENDING
        assert system.status(result.delivery) is DeliveryStatus.ACCEPTED


class TestABodyThatIsNotKept:
    @pytest.mark.parametrize("keep_bodies", [KeepBodies.NONE, KeepBodies.FAILED])
    def test_is_there_until_the_outcome_is_sent(self, keep_bodies: KeepBodies) -> None:
        system, result = of_slack(
            "slash_command", SLACK.model_copy(update={"keep_bodies": keep_bodies})
        )
        system.errors = [SendDelayed("no answer")]
        system.interpret(result.delivery)
        before = system.deliveries.get_stored(result.delivery).body

        system.clock.advance(MINUTE)
        system.run()

        assert before is not None
        assert len(system.sent) == 2
        assert system.deliveries.get_stored(result.delivery).body is None

    def test_is_dropped_when_it_is_interpreted_at_once(self) -> None:
        system = of_github(keep_bodies=KeepBodies.NONE)

        result = system.receive(comment("one"))

        assert result.status is DeliveryStatus.ACCEPTED
        assert system.deliveries.get_stored(result.delivery).body is None

    def test_is_kept_of_a_failed_one_until_it_is_sent_again_and_accepted(self) -> None:
        system = of_github(keep_bodies=KeepBodies.FAILED, body_schema={"not": {}})
        failed = system.receive(comment("one"))
        kept = system.deliveries.get_stored(failed.delivery).body
        system.config.put(a_source(keep_bodies=KeepBodies.FAILED))

        again = system.receive(comment("one"))

        assert failed.status is DeliveryStatus.FAILED
        assert kept is not None
        assert again.status is DeliveryStatus.ACCEPTED
        assert system.deliveries.get_stored(again.delivery).body is None


class TestTheOutcome:
    def test_is_sent_to_the_person_with_the_task(self) -> None:
        system, result = slash_command()

        system.interpret(result.delivery)

        (task,) = system.tasks.kept
        (outcome,) = system.sent
        assert task in outcome
        assert system.deferral(result.delivery).due_at is None

    def test_is_the_reason_where_there_is_no_task(self) -> None:
        system, result = slash_command()
        system.permissions.answer = False

        system.interpret(result.delivery)

        assert system.status(result.delivery) is DeliveryStatus.IGNORED
        assert "has no write access" in system.sent[0]

    def test_is_not_sent_where_nobody_waits_for_it(self) -> None:
        system = of_github(permission=CommandPermission.REQUIRED)
        late = replace(comment("late"), received_at=system.clock() - 5 * SECOND)

        system.interpret(system.receive(late).delivery)

        assert system.sent == []

    def test_is_sent_again_after_a_temporary_failure(self) -> None:
        system, result = slash_command()
        system.errors = [SendDelayed("no answer")]
        system.interpret(result.delivery)
        waiting = system.deferral(result.delivery)

        system.clock.advance(MINUTE)
        system.run()

        assert len(system.sent) == 2
        assert waiting.due_at is not None
        assert system.deferral(result.delivery).due_at is None
        assert len(system.tasks.kept) == 1

    def test_that_the_provider_refuses_is_noted_and_never_sent_again(self) -> None:
        system, result = slash_command()
        system.errors = [SendRefused("the provider answers 404")]
        system.interpret(result.delivery)

        system.clock.advance(MINUTE)
        system.run()

        follow_up = system.deferral(result.delivery).follow_up
        assert len(system.sent) == 1
        assert follow_up is not None
        assert (follow_up.status, follow_up.error) == ("failed", "the provider answers 404")

    def test_of_a_process_that_died_before_it_was_sent_is_sent_by_another(self) -> None:
        system, result = slash_command()
        system.errors = [Died()]
        with pytest.raises(Died):
            system.interpret(result.delivery)

        system.clock.advance(ATTEMPT_LEASE)
        system.run()

        assert len(system.sent) == 2
        assert system.deferral(result.delivery).due_at is None


class TestTheOutcomeOfAnInteraction:
    """Its answer is not shown, so that the outcome is sent after it."""

    @pytest.mark.parametrize("name", ["block_actions", "message_action"])
    def test_is_sent_with_the_task_that_was_created_before_the_answer(self, name: str) -> None:
        system, result = of_slack(name, OPEN)
        (task,) = system.tasks.kept
        sent_before = list(system.sent)

        system.interpret(result.delivery)

        assert (result.status, sent_before) == (DeliveryStatus.ACCEPTED, [])
        assert system.sent == [f"Task {task} ({system.tasks.kept[task].kind})"]
        assert system.deferral(result.delivery).due_at is None

    def test_is_the_reason_where_nothing_was_done(self) -> None:
        system, result = of_slack("message_action", OPEN.model_copy(update={"commands": ("run",)}))

        system.interpret(result.delivery)

        assert result.status is DeliveryStatus.IGNORED
        assert system.sent == [
            "No task: message_action: the source does not list the command agent"
        ]

    def test_is_sent_by_the_schedule_where_the_stream_lost_it(self) -> None:
        system, _ = of_slack("message_action", OPEN)

        system.run()

        assert len(system.sent) == 1
        assert system.run().delivered == []

    def test_is_sent_again_after_a_temporary_failure_and_creates_nothing_again(self) -> None:
        system, result = of_slack("message_action", OPEN)
        system.errors = [SendDelayed("no answer")]
        system.interpret(result.delivery)

        system.clock.advance(MINUTE)
        system.run()

        assert system.sent[0] == system.sent[1]
        assert len(system.sent) == 2
        assert len(system.tasks.kept) == 1

    def test_follows_the_interpretation_where_that_comes_after_the_answer(self) -> None:
        system, result = of_slack("message_action", SLACK)
        sent_before = list(system.sent)

        system.interpret(result.delivery)

        (task,) = system.tasks.kept
        assert (result.status, sent_before) == (DeliveryStatus.PENDING, [])
        assert system.sent == [f"Task {task} (agent)"]

    def test_is_what_became_of_a_task_that_a_button_acts_on(self) -> None:
        system, result = of_slack("block_actions.approve", OPEN)

        system.interpret(result.delivery)

        assert result.status is DeliveryStatus.ACCEPTED
        assert system.sent == ["approve: there is no task tsk_7xi7g5b326jp2be4bhnyr3zh"]

    @pytest.mark.parametrize("name", ["shortcut", "view_submission", "app_mention"])
    def test_is_not_sent_where_slack_takes_no_message(self, name: str) -> None:
        system, result = of_slack(name, OPEN)

        assert system.deliveries.get(result.delivery).deferral is None
        assert system.interpret(result.delivery) is None
        assert system.sent == []


class TestAnAttempt:
    def test_that_another_process_makes_is_left_to_it(self) -> None:
        system, result = slash_command()
        system.interpret(result.delivery)

        again = system.interpret(result.delivery)

        assert again is None
        assert system.permissions.asked == 1

    def test_that_ended_its_process_is_repeated_after_its_lease(self) -> None:
        system, result = slash_command()
        with pytest.raises(Died):
            self._die(system, result.delivery)

        early = system.interpret(result.delivery)
        system.clock.advance(ATTEMPT_LEASE)
        after = system.interpret(result.delivery)

        assert early is None
        assert after is not None
        assert after.status is DeliveryStatus.ACCEPTED

    def test_that_always_ends_its_process_fails_the_delivery_with_a_reason(self) -> None:
        system, result = slash_command()

        for _ in range(MAX_INTERPRET_ATTEMPTS):
            with pytest.raises(Died):
                self._die(system, result.delivery)
            system.clock.advance(ATTEMPT_LEASE)
        after = system.interpret(result.delivery)

        assert after is not None
        assert after.status is DeliveryStatus.FAILED
        assert after.reason == "5 attempts to interpret it did not end"
        assert system.sent == ["No task: 5 attempts to interpret it did not end"]

    def test_with_a_store_that_is_down_is_repeated_without_limit(self) -> None:
        system, result = slash_command()
        for _ in range(2 * MAX_INTERPRET_ATTEMPTS):
            system.tasks.down = True
            system.interpret(result.delivery)
            system.clock.advance(MINUTE)
        pending = system.status(result.delivery)
        system.tasks.down = False

        system.interpret(result.delivery)

        assert pending is DeliveryStatus.PENDING
        assert system.status(result.delivery) is DeliveryStatus.ACCEPTED

    def test_for_a_permission_that_nobody_tells_ends_with_that_reason(self) -> None:
        system, result = slash_command()
        system.permissions.answer = SendDelayed("no answer")

        for _ in range(MAX_INTERPRET_ATTEMPTS):
            system.interpret(result.delivery)
            system.clock.advance(5 * MINUTE)

        delivery = system.deliveries.get(result.delivery)
        assert delivery.status is DeliveryStatus.IGNORED
        assert "could not be checked: no answer" in delivery.notes[0]

    def test_for_a_source_that_is_gone_fails_the_delivery(self) -> None:
        system = of_github(name="ci", permission=CommandPermission.REQUIRED)
        late = replace(comment("late"), received_at=system.clock() - 5 * SECOND)
        result = system.receive(late, "ci")
        system.config.remove(a_source(name="ci"))

        system.interpret(result.delivery)

        assert system.status(result.delivery) is DeliveryStatus.FAILED

    def test_that_is_unavailable_before_it_began_changes_nothing(self) -> None:
        system, result = slash_command()
        system.deliveries.down = True

        with pytest.raises(Unavailable):
            system.interpret(result.delivery)

        system.deliveries.down = False
        assert system.deferral(result.delivery).attempts == 0

    @staticmethod
    def _die(system: System, delivery: DeliveryId) -> None:
        def die(_source: Source) -> AskPermission:
            raise Died

        dying = CheckPermission(open_permissions=die, clock=system.clock)
        replace(system.interpret, permission=dying, permission_within=dying.within)(delivery)


class TestABurst:
    def test_over_the_cap_is_deferred_and_not_refused(self) -> None:
        system = of_github(burst={"rate": 2})

        results = [system.receive(comment(f"d-{n}", f"/agent do {n}")) for n in range(4)]

        statuses = [result.status for result in results]
        assert statuses == [DeliveryStatus.ACCEPTED] * 2 + [DeliveryStatus.PENDING] * 2
        reason = system.deferral(results[3].delivery).reason
        assert reason == "the source is over its burst cap of 2 per second"

    def test_is_interpreted_in_order_and_at_the_rate_of_the_cap(self) -> None:
        system = of_github(burst={"rate": 10, "per": "minute"})
        start = system.clock()
        for number in range(16):
            system.receive(self._of_its_own(number))

        runs = [system.run(60) for _ in range(2)]

        done = [delivery for run in runs for delivery in run.delivered]
        slots = [delivery.deferral.interpreted_at for delivery in done if delivery.deferral]
        assert [delivery.key for delivery in done] == [f"d-{n}" for n in range(10, 16)]
        assert [(slot - start).total_seconds() for slot in slots if slot] == [
            pytest.approx(6 * number, abs=1) for number in range(1, 7)
        ]

    def test_that_is_overdue_is_interpreted_hardly_faster_than_the_rate(self) -> None:
        system = of_github(burst={"rate": 1, "per": "second"})
        for number in range(11):
            system.receive(self._of_its_own(number))
        system.clock.advance(MINUTE)
        start = system.clock()

        run = system.run()

        took = system.clock() - start
        assert len(run.delivered) == 10
        assert took == timedelta(seconds=9 * 0.9)

    def test_of_one_source_does_not_keep_another_waiting(self) -> None:
        system = of_github(burst={"rate": 1, "per": "minute"})
        system.config.put(a_source(name="ci", permission=CommandPermission.REQUIRED))
        for number in range(3):
            system.receive(self._of_its_own(number))
        system.clock.advance(5 * MINUTE)
        late = replace(self._of_its_own(9), received_at=system.clock() - 5 * SECOND)
        system.receive(late, "ci")

        run = system.run()

        assert [delivery.source for delivery in run.delivered] == ["default", "ci"]

    def test_of_deliveries_without_tasks_takes_no_slots(self) -> None:
        system = of_github(burst={"rate": 1})

        results = [system.receive(comment(f"d-{n}", "no command")) for n in range(5)]

        assert {result.status for result in results} == {DeliveryStatus.IGNORED}

    def test_is_interpreted_at_once_where_the_slots_cannot_be_read(self) -> None:
        def unavailable(_source: Source, _cap: BurstCap, _now: datetime) -> datetime:
            raise Unavailable("the store did not answer")

        system = of_github(burst={"rate": 1})
        receive = replace(system.receive, take_slot=unavailable)

        results = [receive(self._of_its_own(number)) for number in range(3)]

        assert {result.status for result in results} == {DeliveryStatus.ACCEPTED}

    def test_that_the_provider_repeats_is_completed_by_the_copy_that_has_a_slot(self) -> None:
        system = of_github(burst={"rate": 1})
        system.receive(comment("first"))
        pending = system.receive(self._of_its_own(2))

        system.clock.advance(MINUTE)
        again = system.receive(self._of_its_own(2))

        assert (pending.status, again.status) == ("pending", "accepted")
        assert system.deferral(again.delivery).due_at is None
        assert system.run().delivered == []

    def test_is_left_to_the_next_run_where_the_time_is_up(self) -> None:
        system = of_github(burst={"rate": 2, "per": "minute"})
        for number in range(8):
            system.receive(self._of_its_own(number))

        first, second = system.run(60), system.run(600)

        assert (len(first.delivered), len(second.delivered)) == (1, 5)

    @staticmethod
    def _of_its_own(number: int) -> InboundRequest:
        """A comment of its own, since the same command of the same comment is one task."""
        body = sample("github", "issue_comment.created").body
        written = body["comment"]
        assert isinstance(written, dict)
        changed = {**written, "id": number + 1, "body": "/agent fix the login"}
        return a_request({**body, "comment": changed}, delivery=f"d-{number}")


class TestARun:
    def test_reports_when_the_oldest_pending_delivery_was_received(self) -> None:
        system, _ = slash_command()
        received_at = system.clock()
        system.clock.advance(10 * MINUTE)

        assert system.run().oldest == received_at
        assert system.run().oldest is None

    def test_goes_on_after_a_delivery_that_fails(self) -> None:
        system, _ = slash_command()

        class Broken(FakeDeliveryStore):
            def get_stored(self, delivery: DeliveryId) -> StoredDelivery:
                raise Unavailable("the store did not answer")

        broken = Broken()
        broken.kept = system.deliveries.kept
        interpret = replace(system.interpret, deliveries=broken)
        run = RunDeferred(
            deliveries=system.deliveries,
            config=system.config,
            interpret=interpret,
            clock=system.clock,
            sleep=system.clock.sleep,
        )

        result = run(lambda: 60)

        assert (result.failed, list(result.errors.values())) == (1, ["Unavailable"])
