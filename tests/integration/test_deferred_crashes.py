"""A delivery that was answered first becomes its task, whichever process dies at whichever call.

The story: GitHub delivers two comments to a source with a burst cap, the second one is deferred;
GitHub's API tells who may write, and a third one that had no time to ask is deferred, too.
"""

import pytest

from signalbox.models.delivery import DeliveryStatus
from tests.integration.faults import Action, crash_after, crash_before, unreachable
from tests.integration.installation import Installation, installed
from tests.integration.slack import FakeSlack

CRASHES = pytest.mark.parametrize("crash", [crash_before, crash_after])


def _story(box: Installation, *, stream: bool = True) -> None:
    box.drive(stream=False, deferred=stream)
    box.cap_bursts()
    _deliver(box, "first", 0)
    _deliver(box, "over the cap", 0)
    for _ in range(8):
        box.driver.settle()
        box.interpret_deferred()
        if not box.pending:
            return
    raise AssertionError(f"still pending: {box.pending}")


def _deliver(box: Installation, delivery: str, waited: int) -> None:
    """GitHub delivers until it is answered."""
    for _ in range(3):
        if box.comment(f"/agent do what is {delivery}", delivery=delivery, waited=waited):
            return
    raise AssertionError(f"{delivery} was never accepted")


def _is_done(box: Installation) -> bool:
    """Whether each delivery is accepted and has one task."""
    tasks, _ = box.records
    statuses = [delivery.status for delivery in box.deliveries]
    return statuses == [DeliveryStatus.ACCEPTED] * 2 and len(tasks) == 2


def _calls(slack: FakeSlack, *, stream: bool) -> list[int]:
    """The calls of the story from the deferred delivery on, when nothing goes wrong."""
    with installed(slack) as box:
        _story(box, stream=stream)
        assert _is_done(box)
        return [call.number for call in box.faults.calls if call.by == "DeferredFunction"]


@CRASHES
def test_a_crash_at_any_call_of_the_function_loses_nothing_and_repeats_nothing(
    slack: FakeSlack, crash: Action
) -> None:
    calls = _calls(slack, stream=False)
    undone = []

    for number in calls:
        with installed(slack) as box:
            box.faults.at(number, crash)
            _story(box, stream=False)
            if not _is_done(box):
                undone.append(number)

    assert undone == []
    assert len(calls) >= 8


def test_a_store_that_does_not_answer_for_a_while_only_takes_longer(slack: FakeSlack) -> None:
    with installed(slack) as box:
        box.faults.on("DynamoDB.UpdateItem", unreachable, times=6, by="DeferredFunction")

        _story(box, stream=False)

        assert _is_done(box)


def test_the_stream_does_what_had_no_time_to_wait_for_the_provider(slack: FakeSlack) -> None:
    with installed(slack) as box:
        box.ask_github()
        box.comment("/agent late", delivery="late", waited=5)
        before = [delivery.status for delivery in box.deliveries]

        box.driver.settle()

        (after,) = box.deliveries
        assert before == [DeliveryStatus.PENDING]
        assert after.status is DeliveryStatus.IGNORED
        assert "has no write access" in after.notes[0]
        assert box.pending == []


def test_an_answer_of_the_provider_is_shared_with_the_function_that_had_no_time(
    slack: FakeSlack,
) -> None:
    with installed(slack) as box:
        box.ask_github()
        box.comment("/agent late", delivery="late", waited=5)
        box.driver.settle()

        box.comment("/agent later", delivery="later", waited=5)

        statuses = {delivery.key: delivery.status for delivery in box.deliveries}
        assert statuses["later"] is DeliveryStatus.IGNORED
