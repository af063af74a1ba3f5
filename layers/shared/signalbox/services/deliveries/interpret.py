"""Interpret a request with the current code: one that was just received, or a stored one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Self

from signalbox.models.delivery import Deferral, Delivery, DeliveryStatus
from signalbox.models.errors import DeliveryDeferred, PayloadInvalid, SourceRuleFailed
from signalbox.models.event import Answer, Event, ParsedPayload
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest, recorded_headers_of
from signalbox.models.task import Task
from signalbox.models.task_action import TaskAction
from signalbox.services.deliveries.plan_tasks import DeliveryContext, TaskPlan, plan_tasks
from signalbox.services.ports.deliveries import Provider


@frozen
class Interpretation:
    """What a request contains, and which tasks it requests.

    `actions` are what it does to existing tasks. `refusal` is the error of a failed one:
    PayloadInvalid, or a fault of our own code. `answer` is what the provider expects as response,
    `summary` a sentence on the outcome for the person who gave a command, and `reply` makes an
    answer of such a sentence. `follow_up` marks that the summary is sent after the answer.
    `deferral` is that of a pending one.
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
    follow_up: bool = False
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

    def recorded_in(self, delivery: Delivery) -> Delivery:
        """Return a delivery with this outcome."""
        return delivery.model_copy(
            update={
                "status": self.status,
                "event": self.type,
                "reason": self.reason,
                "notes": self.notes,
                "task_ids": tuple(task.id for task in self.tasks),
            }
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
        try:
            plan = plan_tasks(parsed, _with_rules(parsed, provider, request, context))
        except SourceRuleFailed as failed:
            return _refused(parsed, failed.reason)
    except DeliveryDeferred:
        raise
    except PayloadInvalid as invalid:
        return Interpretation(status=DeliveryStatus.FAILED, reason=invalid.reason, refusal=invalid)
    except Exception as error:  # noqa: BLE001  the delivery is stored, to be replayed with fixed code
        reason = f"internal error: {type(error).__name__}"
        return Interpretation(status=DeliveryStatus.FAILED, reason=reason, refusal=error)
    return _planned(parsed, plan)


def _planned(parsed: ParsedPayload, plan: TaskPlan) -> Interpretation:
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
        follow_up=parsed.follow_up,
    )


def _refused(parsed: ParsedPayload, reason: str) -> Interpretation:
    """Return that a rule of the source refuses a payload.

    It has no `refusal`: a provider would send the same payload again, or disable the webhook.
    """
    summary = f"No task: {reason}"
    return Interpretation(
        status=DeliveryStatus.FAILED,
        type=parsed.type,
        events=parsed.events,
        reason=reason,
        answer=parsed.answer or (parsed.reply and parsed.reply(summary)),
        reply=parsed.reply,
        summary=summary,
        follow_up=parsed.follow_up,
    )


def _with_rules(
    parsed: ParsedPayload, provider: Provider, request: InboundRequest, context: DeliveryContext
) -> DeliveryContext:
    """Return the context with the rules of the source, if it has any and there are events.

    Raises:
        PayloadInvalid: The body cannot be decoded.
        SourceRuleFailed: The body does not keep to the schema of the source.
    """
    if not context.source.has_event_rules or not parsed.events:
        return context
    from signalbox.services.deliveries.event_rules import EventRules  # noqa: PLC0415  rarely used

    rules = EventRules(
        source=context.source,
        payload=provider.document(request),
        headers=recorded_headers_of(request, provider.recorded_headers),
        received_at=context.received_at,
    )
    rules.check_body()
    return replace(context, rules=rules)
