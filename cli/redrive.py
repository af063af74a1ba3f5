"""Dead letters as people name them, and what became of giving them new attempts."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from cli.operate import Operator, place
from cli.output import Output
from cli.wanted import made
from signalbox.http.routes.dead_letters import RedriveAnswer, RedriveWanted
from signalbox.models.dead_letter import DeadLetter, Kind

Members = Mapping[str, JsonValue]


def name_of(letter: DeadLetter) -> str:
    """`tsk_…` of a task, `tsk_…/ntf_…` of a notification."""
    return "/".join(filter(None, (letter.task_id, letter.notification_id)))


def redriven(
    operator: Operator,
    output: Output,
    ids: Sequence[str],
    kind: Kind | None,
    narrowed: Members,
    *,
    dry_run: bool,
) -> bool:
    """Prints what each request did; whether nothing was refused."""
    good = True
    wanted = [made(RedriveWanted, {**narrowed, **named}) for named in _named(ids, kind)]
    for each in wanted:
        for answer in _answers(operator, each, dry_run=dry_run):
            output.line(answer, _told(answer))
            good = good and not answer.refused
            if answer.redriven and answer.next:
                output.note("others are left")
    return good


def _answers(
    operator: Operator, wanted: RedriveWanted, *, dry_run: bool
) -> Iterator[RedriveAnswer]:
    """Page after page, until one has something to be tried again: its limit holds for them all."""
    while True:
        answer = operator.redrive(wanted, dry_run=dry_run)
        yield answer
        if answer.redriven or answer.next is None:
            return
        wanted = wanted.model_copy(update={"cursor": answer.next})


def _named(ids: Sequence[str], kind: Kind | None) -> Iterator[Members]:
    """One request for each id, or one for all of the kind."""
    if not ids:
        yield {"kind": kind}
    for each in ids:
        if "/" in each:
            task, notification = place(each)
            yield {"kind": Kind.NOTIFICATION, "task_id": task, "notification_id": notification}
        else:
            yield {"kind": kind or Kind.TASK, "task_id": each}


def _told(answer: RedriveAnswer) -> str:
    done = "would be tried again" if answer.dry_run else "is tried again"
    good = [f"{name_of(letter)}  {done}: {letter.title}" for letter in answer.redriven]
    bad = [f"{name_of(each.letter)}  refused: {each.reason}" for each in answer.refused]
    return "\n".join((*good, *bad)) or ("none so far" if answer.next else "no dead letter fits")
