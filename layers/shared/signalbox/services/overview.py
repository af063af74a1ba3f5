"""Read the state of an installation at a glance: what came, what waits, what fails."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from signalbox.models.circuit import Circuit, CircuitState
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId
from signalbox.models.incident import Incident, IncidentStatus
from signalbox.models.metrics_history import MetricsInterval
from signalbox.models.rejection import Rejections
from signalbox.services.incidents.list_incidents import ListIncidents
from signalbox.services.metrics import CountChanges, oldest_pending
from signalbox.services.metrics_history import ReadHistory
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.time import TimeLeft
from signalbox.services.queues.queue_status import DescribeQueues, QueueStatus


@frozen
class Overview:
    """The state of an installation.

    `day` is what was counted in the last 24 hours; `complete` is False if some changes are not
    counted yet. `oldest_pending` is when the deferred delivery that is due first was received.
    `circuits` are those that are not closed.
    """

    day: MetricsInterval
    complete: bool
    queues: Sequence[QueueStatus]
    oldest_pending: datetime | None
    incidents: Sequence[Incident]
    circuits: Mapping[ConnectionId, Circuit]
    rejections: Sequence[Rejections]


@frozen
class ReadOverview:
    """Read the state of an installation."""

    count: CountChanges
    history: ReadHistory
    queues: DescribeQueues
    deliveries: DeliveryStore
    incidents: ListIncidents
    circuits: Callable[[], Mapping[ConnectionId, Circuit]]
    rejections: Callable[[], Sequence[Rejections]]

    def __call__(self, time_left: TimeLeft) -> Overview:
        """Return the state, after counting for as long as there is time.

        Raises:
            Unavailable: A store or a queue did not answer.
        """
        behind = self.count(time_left)
        return Overview(
            day=self.history.last_day(),
            complete=not behind,
            queues=self.queues(),
            oldest_pending=oldest_pending(self.deliveries),
            incidents=self.incidents(IncidentStatus.OPEN),
            circuits={
                connection: circuit
                for connection, circuit in self.circuits().items()
                if circuit.state is not CircuitState.CLOSED
            },
            rejections=self.rejections(),
        )
