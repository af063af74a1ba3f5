"""Redeliver all matching notifications and print the outcome."""

from collections.abc import Mapping

from pydantic import JsonValue

from cli.operator_client import OperatorClient
from cli.output import Output
from cli.parsing import build_request
from signalbox.http.schemas.notifications import (
    NotificationSummary,
    RedeliverRequest,
    RedeliverResponse,
)


def redeliver_and_print(
    operator: OperatorClient,
    output: Output,
    filters: Mapping[str, JsonValue],
    *,
    dry_run: bool,
) -> bool:
    """Redeliver the first page that has something, and return whether nothing was refused."""
    request = build_request(RedeliverRequest, {**filters})
    good = True
    while True:
        answer = operator.redeliver_all(request, dry_run=dry_run)
        output.line(answer, _summary(answer))
        good = good and not answer.refused
        if answer.redelivered or answer.next is None:
            break
        request = request.model_copy(update={"cursor": answer.next})
    if answer.next:
        output.note("others are left")
    return good


def _summary(answer: RedeliverResponse) -> str:
    done = "would be sent again" if answer.dry_run else "is sent again"
    good = [
        f"{_id(each)}  {done} to {each.connection}: {each.title}" for each in answer.redelivered
    ]
    bad = [f"{_id(each.notification)}  refused: {each.reason}" for each in answer.refused]
    return "\n".join((*good, *bad)) or ("none so far" if answer.next else "no notification fits")


def _id(notification: NotificationSummary) -> str:
    return f"{notification.task_id}/{notification.id}"
