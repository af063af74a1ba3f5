"""What today's code makes of a request: of one that just came, and of one that was kept."""

from dataclasses import dataclass

from signalbox.models.delivery import Verdict
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Event
from signalbox.models.request import InboundRequest
from signalbox.models.task import Task
from signalbox.services.drafts import Received, drafts
from signalbox.services.ports import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a request says, and which tasks it asks for.

    `refusal` is why an unreadable one is: PayloadInvalid, or a fault of ours. `handshake` is what
    a ping is answered with.
    """

    verdict: Verdict
    type: str | None = None
    events: tuple[Event, ...] = ()
    tasks: tuple[Task, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None
    handshake: str | None = None
    refusal: Exception | None = None


def read(provider: Provider, request: InboundRequest, received: Received) -> Reading:
    """Reads a verified request."""
    try:
        parsed = provider.parse(request)
        made = drafts(parsed, received)
    except PayloadInvalid as invalid:
        return Reading(verdict=Verdict.UNREADABLE, reason=invalid.reason, refusal=invalid)
    except Exception as fault:  # noqa: BLE001  what was verified is kept, for code that is mended
        reason = f"a fault of ours: {type(fault).__name__}"
        return Reading(verdict=Verdict.UNREADABLE, reason=reason, refusal=fault)
    verdict = Verdict.ACCEPTED if made.tasks else Verdict.IGNORED
    return Reading(
        verdict=verdict if parsed.handshake is None else Verdict.HANDSHAKE,
        type=parsed.type,
        events=parsed.events,
        tasks=made.tasks,
        notes=made.notes,
        reason=parsed.ignored,
        handshake=parsed.handshake,
    )
