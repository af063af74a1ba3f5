"""Response bodies of incidents."""

from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import ConnectionId, IncidentId
from signalbox.models.incident import IncidentSeverity, IncidentStatus

INCIDENTS: Final = "/api/v1/incidents"


class IncidentView(Model):
    """Failures with the same cause.

    `count` is how many there were; of what is observed once a minute, how many observations.
    `recurrence` is how often the cause has returned, each time within a day of its resolution. The
    incident is resolved `quiet_seconds` after the last failure. `last_error` is in one line, with
    secrets masked. `link` is the path of the API with the failures, `action` the command that shows
    them. `connection` is the one that fails, if one does.
    """

    id: IncidentId
    status: IncidentStatus
    severity: IncidentSeverity
    cause: str
    title: str
    connection: ConnectionId | None
    count: int
    first_at: UtcDatetime
    last_at: UtcDatetime
    last_error: str
    opened_at: UtcDatetime
    resolved_at: UtcDatetime | None
    recurrence: int
    quiet_seconds: int
    link: str
    action: str


class IncidentList(Model):
    """The incidents, the latest first: at most about 100."""

    items: tuple[IncidentView, ...]
