"""What today's code makes of a request: of one that just came, and of one that was kept."""

from dataclasses import dataclass

from signalbox.models.delivery import DeliveryStatus
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Event
from signalbox.models.request import InboundRequest
from signalbox.models.task import Task
from signalbox.services.deliveries.plan_tasks import DeliveryContext, plan_tasks
from signalbox.services.ports.deliveries import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """What a request says, and which tasks it asks for.

    `refusal` is why an unreadable one is: PayloadInvalid, or a fault of ours. `handshake` is what
    a ping is answered with.
    """

    status: DeliveryStatus
    type: str | None = None
    events: tuple[Event, ...] = ()
    tasks: tuple[Task, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None
    handshake: str | None = None
    refusal: Exception | None = None


def interpret(
    provider: Provider, request: InboundRequest, received: DeliveryContext
) -> Interpretation:
    """Reads a verified request."""
    try:
        parsed = provider.parse(request)
        made = plan_tasks(parsed, received)
    except PayloadInvalid as invalid:
        return Interpretation(status=DeliveryStatus.FAILED, reason=invalid.reason, refusal=invalid)
    except Exception as fault:  # noqa: BLE001  what was verified is kept, for code that is mended
        reason = f"a fault of ours: {type(fault).__name__}"
        return Interpretation(status=DeliveryStatus.FAILED, reason=reason, refusal=fault)
    status = DeliveryStatus.ACCEPTED if made.tasks else DeliveryStatus.IGNORED
    return Interpretation(
        status=status if parsed.handshake is None else DeliveryStatus.HANDSHAKE,
        type=parsed.type,
        events=parsed.events,
        tasks=made.tasks,
        notes=made.notes,
        reason=parsed.ignored,
        handshake=parsed.handshake,
    )
