"""References in memory, and the clients of a connector that uses them."""

from signalbox.egress.aws_targets import AwsTargets, NoAwsTargets
from signalbox.egress.connector import Clients
from signalbox.egress.http_client import HttpClient
from signalbox.egress.references import References
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.ids import ConnectionId, TaskId
from signalbox.models.reference import Reference
from signalbox.services.ports.notifications import ReferenceStore
from signalbox.services.ports.time import Clock
from tests.fakes.clock import FakeClock


class FakeReferenceStore:
    """A ReferenceStore. While `down` it raises Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[tuple[ConnectionId, TaskId], Reference] = {}
        self.down = False

    def get(self, connection: ConnectionId, task: TaskId) -> Reference:
        self._reach()
        return self.kept.get((connection, task), Reference())

    def replace(
        self, connection: ConnectionId, task: TaskId, before: Reference, after: Reference
    ) -> None:
        self._reach()
        if self.kept.get((connection, task), Reference()).version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[connection, task] = after.model_copy(update={"version": before.version + 1})

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the references did not answer")


def clients(
    http: HttpClient | None = None,
    store: ReferenceStore | None = None,
    clock: Clock | None = None,
    aws: AwsTargets | None = None,
) -> Clients:
    """The clients of a connector, with references in memory."""
    references = References(store=store or FakeReferenceStore(), clock=clock or FakeClock())
    return Clients(http=http or HttpClient(), references=references, aws=aws or NoAwsTargets())
