"""Nothing acknowledged is lost and nothing is done twice, whichever process dies at whichever call.

The story is the whole way of one webhook: delivered, made a task, sent by the stream to its queue,
claimed and completed by a worker, reported to Slack. It runs once to record its calls, and again
with something going wrong at each of them.
"""

from collections.abc import Callable, Sequence
from functools import cache
from random import Random

import pytest

from signalbox.models.task import ChangeType, TaskStatus
from tests.integration.faults import (
    Action,
    Call,
    broken,
    crash_after,
    crash_before,
    lost_answer,
    meanwhile,
    partly_failed,
    throttled,
    unreachable,
)
from tests.integration.installation import Installation, installed
from tests.integration.invoke import Chaos
from tests.integration.slack import FakeSlack

Prepare = Callable[[Installation], object]

DEAD_LETTERS = [f"{name}DeadLetters" for name in ("High", "Normal", "Low", "slack", "Dispatcher")]
HEALING = {"DynamoDB.PutItem", "SQS.SendMessageBatch"}
_LOST_DELETIONS = 120
"""Half of all deletions get lost, and a message comes back after the 450 seconds of its queue.

One of twelve may do so eight times and more, which takes over an hour.
"""

CRASHES = pytest.mark.parametrize("crash", [crash_before, crash_after])


def _as_it_is(box: Installation) -> None:
    """Changes nothing."""


def _without_stream(box: Installation) -> None:
    box.drive(stream=False)


def _story(box: Installation) -> None:
    """GitHub delivers until it is answered; then time passes until all is quiet."""
    for _ in range(6):
        if box.comment():
            break
        box.clock.advance(seconds=31)
    box.live()


def _wrong(box: Installation, *, messages: int = 1) -> list[str]:
    """Return what is wrong after a run; `messages` is how many messages Slack may get."""
    found = []
    if [task.status for task in box.records[0]] != [TaskStatus.SUCCEEDED]:
        found.append(f"not one task that succeeded: {box.state}")
    sent = box.slack.notifications()
    if len(sent) != 1 or not 1 <= sent.total() <= messages:
        found.append(f"Slack got {dict(sent)}")
    return found + [f"{name} is not empty" for name in DEAD_LETTERS if box.depth(name)]


def _only_bad(wrong: dict[str, list[str]]) -> dict[str, list[str]]:
    return {where: found for where, found in wrong.items() if found}


@cache
def _calls(slack: FakeSlack, prepare: Prepare = _as_it_is) -> Sequence[Call]:
    """The calls of the story when nothing goes wrong: the same every time."""
    with installed(slack) as box:
        prepare(box)
        _story(box)
        assert _wrong(box) == []
        return tuple(box.faults.calls)


def _told(calls: Sequence[Call]) -> int:
    """The number of the call that tells Slack."""
    return next(call.number for call in calls if call.operation == "HTTP.POST")


def _spoilt_at(
    slack: FakeSlack, number: int, action: Action, prepare: Prepare = _as_it_is, messages: int = 1
) -> list[str]:
    """What is wrong after a story that was spoilt at one call."""
    with installed(slack) as box:
        prepare(box)
        box.faults.at(number, action)
        _story(box)
        return _wrong(box, messages=messages)


class TestOneCrash:
    @CRASHES
    def test_at_any_call_loses_nothing_and_repeats_nothing(
        self, slack: FakeSlack, crash: Action
    ) -> None:
        calls = _calls(slack)
        unsure = _told(calls) if crash is crash_after else _told(calls) + 1

        wrong = {
            str(call): _spoilt_at(
                slack, call.number, crash, messages=2 if call.number == unsure else 1
            )
            for call in calls
        }

        assert _only_bad(wrong) == {}
        assert len(calls) > 20

    @CRASHES
    def test_where_slack_can_be_asked_it_is_told_once_whatever_dies(
        self, slack: FakeSlack, crash: Action
    ) -> None:
        calls = _calls(slack, Installation.use_bot)

        wrong = {
            str(call): _spoilt_at(slack, call.number, crash, Installation.use_bot)
            for call in calls
            if call.by == "slackConnectorFunction"
        }

        assert _only_bad(wrong) == {}
        assert len(wrong) > 5

    @CRASHES
    def test_without_the_stream_maintenance_alone_brings_everything_to_its_end(
        self, slack: FakeSlack, crash: Action
    ) -> None:
        calls = _calls(slack, _without_stream)

        wrong = {
            str(call): _spoilt_at(slack, call.number, crash, _without_stream)
            for call in calls
            if call.by == "MaintenanceFunction" and call.operation in HEALING
        }

        assert _only_bad(wrong) == {}
        assert len(wrong) >= 5


def test_whatever_else_happens_between_any_two_calls_everything_happens_once(
    slack: FakeSlack,
) -> None:
    wrong = {}

    for call in _calls(slack):
        with installed(slack) as box:
            box.faults.at(call.number, meanwhile(box.bustle))
            _story(box)
            wrong[str(call)] = _wrong(box)

    assert _only_bad(wrong) == {}


class TestTroubleOnTheWay:
    def test_an_answer_lost_at_any_call_does_no_harm(self, slack: FakeSlack) -> None:
        wrong = {
            str(call): _spoilt_at(
                slack, call.number, lost_answer, messages=2 if call.service == "HTTP" else 1
            )
            for call in _calls(slack)
        }

        assert _only_bad(wrong) == {}

    def test_an_answer_of_slack_that_is_lost_is_looked_for(self, slack: FakeSlack) -> None:
        calls_to_slack = _told(_calls(slack, Installation.use_bot))

        assert _spoilt_at(slack, calls_to_slack, lost_answer, Installation.use_bot) == []

    @pytest.mark.parametrize(
        ("trouble", "times"),
        [
            *((throttled, times) for times in (1, 2, 3, 4)),
            *((broken, times) for times in (2, 4)),
            *((unreachable, times) for times in (2, 4)),
        ],
    )
    def test_any_operation_that_fails_for_a_while_only_takes_longer(
        self, slack: FakeSlack, trouble: Action, times: int
    ) -> None:
        operations = sorted({call.operation for call in _calls(slack)} - {"HTTP.POST"})
        wrong = {}

        for operation in operations:
            with installed(slack) as box:
                box.faults.on(operation, trouble, times=times)
                _story(box)
                wrong[operation] = _wrong(box)

        assert _only_bad(wrong) == {}
        assert len(operations) >= 7

    def test_a_batch_of_messages_taken_in_part_is_sent_again(self, slack: FakeSlack) -> None:
        with installed(slack) as box:
            box.faults.on("SQS.SendMessageBatch", partly_failed, times=3)
            _story(box)

            assert _wrong(box) == []

    def test_work_goes_on_while_the_queue_of_a_connector_does_not_answer(
        self, slack: FakeSlack
    ) -> None:
        with installed(slack) as box:
            box.subscribe(ChangeType.CREATED, ChangeType.SUCCEEDED)
            queue = box.stack.name("slackQueue")
            box.faults.on("SQS.SendMessageBatch", unreachable, times=10_000, about=queue)
            box.comment()
            for _ in range(60):
                box.driver.settle()
                box.clock.advance(seconds=60)
                box.heal()
            messages, unsent = box.depth("NormalQueue"), box.depth("slackQueue")
            worked = box.work()
            box.faults.clear()
            box.live()

            assert worked
            assert unsent == 0
            assert messages <= 12  # as often as the stream tries, and once more by maintenance
            assert [task.status for task in box.records[0]] == [TaskStatus.SUCCEEDED]
            assert sorted(slack.notifications().values()) == [1, 1]

    def test_what_the_stream_gave_up_is_told_to_the_dead_letters_and_healed(
        self, slack: FakeSlack
    ) -> None:
        with installed(slack) as box:
            box.faults.on("SQS.SendMessageBatch", throttled, times=3 * 11)
            _story(box)

            assert _wrong(box) == ["DispatcherDeadLetters is not empty"]

    def test_a_change_that_the_stream_gave_up_is_told_though_later_ones_went_well(
        self, box: Installation
    ) -> None:
        box.subscribe(ChangeType.STARTED, ChangeType.SUCCEEDED)
        box.comment()
        box.driver.settle()
        hold = box.worker.claim()
        box.faults.on("DynamoDB.PutItem", throttled, times=3 * 11, by="DispatcherFunction")
        box.driver.settle()
        assert hold
        box.worker.complete(hold)
        box.live()

        assert box.depth("DispatcherDeadLetters") == 1
        assert sorted(note.change.change_type for note in box.records[1]) == [
            ChangeType.STARTED,
            ChangeType.SUCCEEDED,
        ]


class TestDeliveredAtLeastOnce:
    @pytest.mark.parametrize("seed", range(8))
    def test_repeated_and_mixed_batches_tell_every_change_once(
        self, slack: FakeSlack, seed: int
    ) -> None:
        with installed(slack) as box:
            box.subscribe(ChangeType.CREATED, ChangeType.STARTED, ChangeType.SUCCEEDED)
            box.drive(chaos=Chaos(random=Random(seed)))
            for number in range(4):
                box.comment(f"/agent do {number}", delivery=f"d-{number}")
            box.live(minutes=_LOST_DELETIONS)

            tasks, notes = box.records
            assert [task.status for task in tasks] == [TaskStatus.SUCCEEDED] * 4
            assert slack.notifications() == dict.fromkeys((note.id for note in notes), 1)
            assert len(notes) == 12

    @pytest.mark.parametrize("seed", range(12))
    def test_several_crashes_and_repeats_still_end_well(self, slack: FakeSlack, seed: int) -> None:
        random = Random(seed)
        with installed(slack) as box:
            box.drive(chaos=Chaos(random=random))
            for _ in range(3):
                box.faults.at(random.randint(1, 40), random.choice([crash_before, crash_after]))
            _story(box)

            assert _wrong(box, messages=4) == []

    def test_a_delivery_sent_again_and_again_is_one_task(self, slack: FakeSlack) -> None:
        with installed(slack) as box:
            for _ in range(3):
                box.comment()
            box.live()
            box.comment()
            box.live()

            assert _wrong(box) == []
