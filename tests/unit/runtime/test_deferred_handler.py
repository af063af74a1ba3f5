"""What the function of deferred deliveries counts."""

from collections.abc import Mapping
from typing import cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from signalbox.models.deferral import (
    attempt_completed,
    attempt_started,
    follow_up_ended,
    follow_up_started,
    outcome_pending,
)
from signalbox.models.delivery import Deferral, Delivery, DeliveryStatus
from signalbox.models.ids import DeliveryId
from signalbox.runtime.deferred import DeferredHandler
from signalbox.runtime.telemetry import logger
from signalbox.services.deliveries.interpret_deferred import InterpretDeferred
from signalbox.services.deliveries.run_deferred import RunDeferred
from tests.builders import NOW, a_deferred

CONTEXT = cast("LambdaContext", None)
RECORD: JsonValue = {"dynamodb": {"Keys": {"pk": {"S": "dlv_1"}}}}


def counted(after: Delivery) -> list[str]:
    """The metrics that are counted for a step after which the delivery is like this."""
    metrics: list[str] = []

    def interpret(_delivery: DeliveryId) -> Delivery:
        return after

    def count(name: str, dimensions: Mapping[str, str], value: int = 1) -> None:
        metrics.append(f"{name} {dimensions['provider']} {value}")

    handler = DeferredHandler(
        interpret=cast("InterpretDeferred", interpret),
        run=cast("RunDeferred", None),
        clock=lambda: NOW,
        logger=logger(),
        count=count,
    )
    handler({"Records": [RECORD]}, CONTEXT)
    return metrics


def interpreted() -> Deferral:
    waiting = a_deferred().deferral.model_copy(update={"awaited": True})
    return attempt_completed(attempt_started(waiting, NOW), NOW, "Task tsk_1 (run)")


def sent(deferral: Deferral) -> Deferral:
    assert deferral.follow_up is not None
    started = follow_up_started(deferral, deferral.follow_up, NOW)
    assert started.follow_up is not None
    return follow_up_ended(started, started.follow_up, NOW)


def test_a_delivery_is_counted_when_it_is_interpreted() -> None:
    after = a_deferred(status=DeliveryStatus.ACCEPTED, deferral=interpreted())

    assert counted(after) == ["WebhooksFailed github 0"]


@pytest.mark.parametrize(
    "deferral", [sent(interpreted()), sent(outcome_pending("Task tsk_1 (run)", NOW))]
)
def test_a_delivery_is_not_counted_again_when_only_its_outcome_is_sent(deferral: Deferral) -> None:
    assert counted(a_deferred(status=DeliveryStatus.ACCEPTED, deferral=deferral)) == []


def test_a_pending_delivery_is_not_counted() -> None:
    assert counted(a_deferred()) == []
