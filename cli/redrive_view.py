"""Redrive dead letters and print the outcome."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from cli.operator_client import OperatorClient, split_notification_id
from cli.output import Output
from cli.parsing import build_request
from signalbox.http.schemas.dead_letters import RedriveRequest, RedriveResponse
from signalbox.models.dead_letter import DeadLetter, DeadLetterKind


def dead_letter_id(letter: DeadLetter) -> str:
    """Return `tsk_…` for a task, `tsk_…/ntf_…` for a notification."""
    return "/".join(filter(None, (letter.task_id, letter.notification_id)))


def redrive_and_print(
    operator: OperatorClient,
    output: Output,
    ids: Sequence[str],
    kind: DeadLetterKind | None,
    narrowed: Mapping[str, JsonValue],
    *,
    dry_run: bool,
) -> bool:
    """Redrive, print the outcome of each request, and return whether nothing was refused."""
    good = True
    request = [build_request(RedriveRequest, {**narrowed, **named}) for named in _named(ids, kind)]
    for each in request:
        for answer in _answers(operator, each, dry_run=dry_run):
            output.line(answer, _summary(answer))
            good = good and not answer.refused
            if answer.redriven and answer.next:
                output.note("others are left")
    return good


def _answers(
    operator: OperatorClient, request: RedriveRequest, *, dry_run: bool
) -> Iterator[RedriveResponse]:
    """Yield page after page until one has dead letters to redrive; the limit is for all of them."""
    while True:
        answer = operator.redrive(request, dry_run=dry_run)
        yield answer
        if answer.redriven or answer.next is None:
            return
        request = request.model_copy(update={"cursor": answer.next})


def _named(ids: Sequence[str], kind: DeadLetterKind | None) -> Iterator[Mapping[str, JsonValue]]:
    """Yield one request for each id, or one for all of the kind."""
    if not ids:
        yield {"kind": kind}
    for each in ids:
        if "/" in each:
            task, notification = split_notification_id(each)
            yield {
                "kind": DeadLetterKind.NOTIFICATION,
                "task_id": task,
                "notification_id": notification,
            }
        else:
            yield {"kind": kind or DeadLetterKind.TASK, "task_id": each}


def _summary(answer: RedriveResponse) -> str:
    done = "would be tried again" if answer.dry_run else "is tried again"
    good = [f"{dead_letter_id(letter)}  {done}: {letter.title}" for letter in answer.redriven]
    bad = [f"{dead_letter_id(each.letter)}  refused: {each.reason}" for each in answer.refused]
    return "\n".join((*good, *bad)) or ("none so far" if answer.next else "no dead letter fits")
