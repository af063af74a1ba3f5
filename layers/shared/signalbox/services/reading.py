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

    `refusal` is what an unreadable one is answered with, `handshake` what a ping is.
    """

    verdict: Verdict
    type: str | None = None
    events: tuple[Event, ...] = ()
    tasks: tuple[Task, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None
    handshake: str | None = None
    refusal: PayloadInvalid | None = None


def read(provider: Provider, request: InboundRequest, received: Received) -> Reading:
    """Reads a verified request."""
    try:
        parsed = provider.parse(request)
    except PayloadInvalid as invalid:
        return Reading(verdict=Verdict.UNREADABLE, reason=invalid.reason, refusal=invalid)
    made = drafts(parsed, received)
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
