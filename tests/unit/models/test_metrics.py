from datetime import timedelta

import pytest

from signalbox.models.delivery import DeliveryStatus
from signalbox.models.ids import LeaseId
from signalbox.models.lifecycle import cancelled, leased, succeeded
from signalbox.models.metrics import (
    ACK_BOUNDS,
    RUN_BOUNDS,
    Counts,
    DeliveryProjection,
    Histogram,
    Metric,
    NotificationProjection,
    RejectedRequestProjection,
    TaskProjection,
    add_counts,
    counts_by_label,
    delivered_share,
    delivery_counts,
    histogram,
    interpreted_counts,
    notification_counts,
    observe,
    processed_share,
    rejected_request_counts,
    task_counts,
)
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import Task, TaskResult
from signalbox.runtime.registry import providers
from tests.builders import NOW, a_lease, a_task


def facts(task: Task) -> TaskProjection:
    return TaskProjection.model_validate_json(task.model_dump_json(exclude_none=True))


def projection(status: NotificationStatus) -> NotificationProjection:
    return NotificationProjection(status=status, connector="slack")


def seconds(*measured: float) -> Counts:
    return add_counts(observe(Metric.RUNS, seconds=each, bounds=RUN_BOUNDS) for each in measured)


def test_a_new_task_is_one_more_that_is_pending() -> None:
    assert task_counts(None, facts(a_task())) == {"tasks|pending": 1, "steps|created": 1}


def test_a_task_that_goes_on_leaves_its_state() -> None:
    before = a_task()
    after = leased(before, a_lease(), NOW)

    counts = task_counts(facts(before), facts(after))

    assert counts == {"tasks|pending": -1, "tasks|running": 1, "steps|started": 1}


def test_a_task_that_ends_tells_how_long_its_last_attempt_took() -> None:
    running = leased(a_task(), a_lease(), NOW)
    done = succeeded(running, LeaseId("lse_one"), 1, TaskResult(), NOW + timedelta(seconds=42))

    counts = task_counts(facts(running), facts(done))

    assert counts["runs|60"] == 1
    assert counts["runs|ms"] == 42_000


def test_a_task_that_never_ran_has_taken_no_time() -> None:
    waiting = a_task()

    counts = task_counts(facts(waiting), facts(cancelled(waiting, None, NOW, "somebody")))

    assert not counts_by_label(counts, Metric.RUNS)


def test_a_task_that_is_forgotten_is_one_less() -> None:
    assert task_counts(facts(a_task()), None) == {"tasks|pending": -1}


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (None, NotificationStatus.QUEUED, None),
        (None, NotificationStatus.FAILED, "failed"),
        (NotificationStatus.QUEUED, NotificationStatus.SENDING, None),
        (NotificationStatus.SENDING, NotificationStatus.SENDING, None),
        (NotificationStatus.SENDING, NotificationStatus.QUEUED, "delayed"),
        (NotificationStatus.SENDING, NotificationStatus.DELIVERED, "delivered"),
        (NotificationStatus.QUEUED, NotificationStatus.DEAD, "dead"),
        (NotificationStatus.DEAD, NotificationStatus.QUEUED, None),
    ],
)
def test_an_attempt_to_notify_is_counted_when_it_ends(
    before: NotificationStatus | None, after: NotificationStatus, outcome: str | None
) -> None:
    counts = notification_counts(projection(before) if before else None, projection(after))

    assert counts == ({f"notifications|slack|{outcome}": 1} if outcome else {})


def test_a_delivery_tells_its_verdict_and_how_long_earlier_answers_took() -> None:
    kept = DeliveryProjection(provider="github", status=DeliveryStatus.IGNORED, acks=(7, 90))

    assert delivery_counts(kept) == {
        "requests|github|ignored": 1,
        "acks|github|0.01": 1,
        "acks|github|0.1": 1,
        "acks|github|ms": 97,
    }


def test_a_deferred_delivery_is_counted_again_when_it_is_interpreted() -> None:
    pending, accepted = (
        DeliveryProjection(provider="slack", status=status)
        for status in (DeliveryStatus.PENDING, DeliveryStatus.ACCEPTED)
    )

    assert delivery_counts(pending) == {"requests|slack|pending": 1}
    assert interpreted_counts(pending, accepted) == {"deferred|slack|accepted": 1}
    assert interpreted_counts(pending, pending) == {}
    assert interpreted_counts(accepted, accepted) == {}


def test_a_request_that_left_nothing_is_counted_by_what_became_of_it() -> None:
    counts = rejected_request_counts(
        RejectedRequestProjection(provider="github", outcome="signature_invalid")
    )

    assert counts == {"requests|github|signature_invalid": 1}


def test_a_quantile_lies_in_the_bucket_of_its_rank() -> None:
    counts = seconds(*[0.5] * 90, *[45.0] * 9, 9_999_999.0)

    made = histogram(counts, Metric.RUNS, bounds=RUN_BOUNDS)

    assert made.count == 100
    assert made.quantile(0.5) == pytest.approx(50 / 90)
    assert made.quantile(0.95) == pytest.approx(30 + 30 * 5 / 9)
    assert made.quantile(1.0) == RUN_BOUNDS[-1]


def test_nothing_measured_has_no_quantile() -> None:
    assert histogram({}, Metric.RUNS, bounds=RUN_BOUNDS).quantile(0.5) is None


def test_counts_that_cancel_each_other_are_not_kept() -> None:
    assert add_counts([{"tasks|pending": 1}, {"tasks|pending": -1}]) == {}


def test_the_share_of_processed_requests_leaves_out_those_refused_rightly() -> None:
    outcomes = {"accepted": 6, "duplicate": 2, "ignored": 1, "failed": 1, "signature_invalid": 90}

    assert processed_share(outcomes) == 0.9
    assert processed_share({"signature_invalid": 3, "not_found": 1}) is None


def test_the_share_of_delivered_notifications_leaves_out_attempts_that_are_repeated() -> None:
    outcomes = {"delivered": 6, "failed": 1, "dead": 1, "delayed": 50}

    assert delivered_share(outcomes) == 0.75
    assert delivered_share({"delayed": 3}) is None


def test_the_observations_above_a_bound_are_counted() -> None:
    made = Histogram(bounds=(1.0, 3.0), counts=(5, 2, 1), seconds=9.0)

    assert (made.above(1.0), made.above(3.0)) == (3, 1)
    with pytest.raises(ValueError, match="not in tuple"):
        made.above(2.0)


def test_the_deadline_of_every_provider_is_a_bound() -> None:
    assert {create().deadline for create in providers().values()} <= set(ACK_BOUNDS)
