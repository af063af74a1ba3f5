"""The implementation of `signalbox sources verify`."""

import requests
from pydantic import BaseModel

from cli.api_client import session_for
from cli.errors import Unreachable
from cli.output import Output
from cli.webhooks.post import SentWebhook, post_request
from cli.webhooks.send import SendTarget
from cli.webhooks.verification_cases import VerificationCase, verification_plan

_MARKS = {True: "yes", False: "NO", None: "not sent"}


class VerificationResult(BaseModel):
    """The response to one request; `ok` is null if it was not sent, and `outcome` the reason."""

    case: str
    expected: str
    status: int | None = None
    outcome: str
    milliseconds: int | None = None
    ok: bool | None = None
    delivery_id: str | None = None
    task_ids: tuple[str, ...] = ()


def verify_source(where: SendTarget, output: Output) -> bool:
    """Send the requests, print the responses, and return whether all are the expected ones.

    Raises:
        CommandError: There is no such provider, stack or secret.
        Unreachable: The first request was not answered.
    """
    endpoint = where.address()
    plan = verification_plan(endpoint, where.source)
    session = session_for(endpoint.url)
    first: SentWebhook | None = None
    results: list[VerificationResult] = []
    for case in plan.cases:
        sent = _send(session, endpoint.url, case, plan.webhook.sample.name, first=not results)
        results.append(_result(case, sent, first))
        first = first or (sent if isinstance(sent, SentWebhook) else None)
    output.rows(
        results,
        {
            "Case": lambda row: row.case,
            "Expected": lambda row: row.expected,
            "Status": lambda row: str(row.status or ""),
            "Outcome": lambda row: row.outcome,
            "ms": lambda row: "" if row.milliseconds is None else str(row.milliseconds),
            "OK": lambda row: _MARKS[row.ok],
        },
    )
    _print_notes(results, output, plan.webhook.sample.name, endpoint.provider.deadline)
    return all(row.ok is not False for row in results)


def _send(
    session: requests.Session, url: str, case: VerificationCase, event: str, *, first: bool
) -> SentWebhook | str:
    """Return the response, or why there is none."""
    if case.request is None:
        return case.skipped
    try:
        return post_request(session, url, case.request, event=event, delivery="")
    except Unreachable as unreachable:
        if first:
            raise
        return str(unreachable)


def _result(
    case: VerificationCase, sent: SentWebhook | str, first: SentWebhook | None
) -> VerificationResult:
    if isinstance(sent, str):
        ok = None if case.skipped else False
        return VerificationResult(case=case.name, expected=case.expected, outcome=sent, ok=ok)
    return VerificationResult(
        case=case.name,
        expected=case.expected,
        status=sent.status,
        outcome="duplicate" if sent.duplicate else sent.outcome,
        milliseconds=sent.milliseconds,
        ok=case.accepts(sent, first),
        delivery_id=sent.delivery_id,
        task_ids=sent.task_ids,
    )


def _print_notes(
    results: list[VerificationResult], output: Output, sample: str, deadline: float
) -> None:
    valid = results[0]
    delivery = f", delivery {valid.delivery_id}" if valid.delivery_id else ""
    output.note(f"sent the sample {sample}{delivery}")
    if valid.milliseconds is not None and valid.milliseconds > deadline * 1000:
        output.note(
            f"warning: the provider gives up after {deadline:g} s; the first answer took longer"
        )
    for task in dict.fromkeys(task for row in results for task in row.task_ids):
        output.note(
            f"warning: every sample creates a task of this source; `signalbox tasks cancel {task}`"
        )
