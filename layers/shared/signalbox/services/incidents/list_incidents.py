"""List incidents."""

from signalbox.models.errors import NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import IncidentId
from signalbox.models.incident import Incident, IncidentStatus
from signalbox.services.ports.incidents import IncidentStore


@frozen
class ListIncidents:
    """List incidents."""

    store: IncidentStore

    def __call__(self, status: IncidentStatus | None = None) -> tuple[Incident, ...]:
        """Return the incidents with this status, the latest first.

        Raises:
            Unavailable: The store did not answer.
        """
        incidents = reversed(self.store.get().incidents)
        return tuple(each for each in incidents if status in {None, each.status})

    def one(self, incident: IncidentId) -> Incident:
        """Return the incident.

        Raises:
            NotFound: There is no such incident.
            Unavailable: The store did not answer.
        """
        for each in self.store.get().incidents:
            if each.id == incident:
                return each
        raise NotFound("there is no such incident; resolved ones are deleted after 30 days")
