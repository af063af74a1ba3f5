"""Decide what of a request is done before it is answered, and what afterwards."""

from dataclasses import replace
from datetime import datetime

from signalbox.models.burst import BurstCap
from signalbox.models.deferral import outcome_pending
from signalbox.models.delivery import Deferral, DeliveryStatus
from signalbox.models.errors import DeliveryDeferred, Unavailable
from signalbox.models.request import InboundRequest
from signalbox.models.source import Source
from signalbox.services.deliveries.interpret import Interpretation, interpret
from signalbox.services.deliveries.permissions import everybody_may
from signalbox.services.deliveries.plan_tasks import DeliveryContext
from signalbox.services.ports.deliveries import Provider, TakeSlot


def free_slot(source: Source, cap: BurstCap, now: datetime) -> datetime:  # noqa: ARG001  a TakeSlot
    """Return now: no delivery is over the cap."""
    return now


def interpret_in_time(
    provider: Provider, request: InboundRequest, context: DeliveryContext, take_slot: TakeSlot
) -> Interpretation:
    """Return the interpretation of a verified request, or that it is pending and why."""
    slot = _slot(provider, request, context, take_slot)
    if slot > context.at:
        reason = f"the source is over its burst cap of {context.source.burst}"
        return _defer(provider, request, reason, slot)
    try:
        return interpret(provider, request, context)
    except DeliveryDeferred as deferred:
        return _defer(provider, request, deferred.reason, context.at)


def deferral_of(interpretation: Interpretation, now: datetime) -> Deferral | None:
    """Return what is left to do after the answer: the interpretation, or to send the outcome."""
    if interpretation.deferral or not interpretation.follow_up:
        return interpretation.deferral
    return outcome_pending(interpretation.summary, now)


def _slot(
    provider: Provider, request: InboundRequest, context: DeliveryContext, take_slot: TakeSlot
) -> datetime:
    """Return when the request may be interpreted. One that creates no task takes no slot."""
    cap = context.source.burst
    if cap is None:
        return context.at
    if not interpret(provider, request, replace(context, permission=everybody_may)).tasks:
        return context.at
    try:
        return take_slot(context.source, cap, context.at)
    except Unavailable:  # to lose nothing matters more than the cap
        return context.at


def _defer(
    provider: Provider, request: InboundRequest, reason: str, due_at: datetime
) -> Interpretation:
    """Return that a request, which can be parsed, is interpreted later."""
    parsed = provider.parse(request)
    awaited = parsed.reply is not None or parsed.follow_up
    return Interpretation(
        status=DeliveryStatus.PENDING,
        type=parsed.type,
        reason=reason,
        answer=parsed.answer or parsed.deferred,
        deferral=Deferral(reason=reason, due_at=due_at, awaited=awaited),
    )
