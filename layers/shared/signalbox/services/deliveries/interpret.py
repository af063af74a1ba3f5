"""Interpret a request with the current code: one that was just received, or a stored one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from signalbox.models.delivery import Deferral, DeliveryStatus
from signalbox.models.errors import DeliveryDeferred, PayloadInvalid
from signalbox.models.event import Answer, Event
from signalbox.models.request import InboundRequest
from signalbox.models.task import Task
from signalbox.models.task_action import TaskAction
from signalbox.services.deliveries.plan_tasks import DeliveryContext, plan_tasks
from signalbox.services.ports.deliveries import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """What a request contains, and which tasks it requests.

    `actions` are what it does to existing tasks. `refusal` is the error of a failed one:
    PayloadInvalid, or a fault of our own code. `answer` is what the provider expects as response,
    `summary` a sentence on the outcome for the person who gave a command, and `reply` makes an
    answer of such a sentence. `deferral` is that of a pending one.
    """

    status: DeliveryStatus
    type: str | None = None
    events: tuple[Event, ...] = ()
    tasks: tuple[Task, ...] = ()
    actions: tuple[TaskAction, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None
    answer: Answer | None = None
    reply: Callable[[str], Answer] | None = None
    summary: str = ""
    deferral: Deferral | None = None
    refusal: Exception | None = None

    def acted(self, notes: tuple[str, ...]) -> Self:
        """Return the interpretation after its actions, with a note on each."""
        if not notes:
            return self
        summary = "; ".join(filter(None, (self.summary if self.tasks else "", *notes)))
        return replace(
            self,
            notes=(*self.notes, *notes),
            summary=summary,
            answer=self.reply(summary) if self.reply else self.answer,
        )


def interpret(
    provider: Provider, request: InboundRequest, context: DeliveryContext
) -> Interpretation:
    """Interpret a verified request.

    Raises:
        DeliveryDeferred: A permission cannot be checked in the time that is left.
    """
    try:
        parsed = provider.parse(request)
        plan = plan_tasks(parsed, context)
    except DeliveryDeferred:
        raise
    except PayloadInvalid as invalid:
        return Interpretation(status=DeliveryStatus.FAILED, reason=invalid.reason, refusal=invalid)
    except Exception as error:  # noqa: BLE001  the delivery is stored, to be replayed with fixed code
        reason = f"internal error: {type(error).__name__}"
        return Interpretation(status=DeliveryStatus.FAILED, reason=reason, refusal=error)
    status = DeliveryStatus.ACCEPTED if plan.tasks or plan.actions else DeliveryStatus.IGNORED
    return Interpretation(
        status=status if parsed.handshake is None else DeliveryStatus.HANDSHAKE,
        type=parsed.type,
        events=parsed.events,
        tasks=plan.tasks,
        actions=plan.actions,
        notes=plan.notes,
        reason=parsed.ignored,
        answer=parsed.handshake or parsed.answer or (parsed.reply and parsed.reply(plan.summary)),
        reply=parsed.reply,
        summary=plan.summary,
    )
