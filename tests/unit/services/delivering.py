"""The delivery of one notification, over fakes."""

from signalbox.models.errors import WriteConflict
from signalbox.models.notification import Notification
from signalbox.services.notifications.outcomes import Outcome
from signalbox.services.notifications.slots import SendSlots
from tests.builders import a_connection, a_notification
from tests.fakes.circuits import FakeCircuitStore
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.delivery import SECRET, SECRET_NAME, a_delivery
from tests.fakes.edges import FakeConnector
from tests.fakes.slots import FakeSendSlots
from tests.fakes.tasks import FakeNotificationStore


class Store(FakeNotificationStore):
    """Remembers what was written, and loses one of the races."""

    def __init__(self, note: Notification) -> None:
        super().__init__(note)
        self.written: list[Notification] = []
        self.loses_at = 0

    def replace(self, before: Notification, after: Notification) -> None:
        self.written.append(after)
        if len(self.written) == self.loses_at:
            raise WriteConflict("somebody was faster")
        super().replace(before, after)


class Rig:
    """A use case over fakes, and one queued notification."""

    def __init__(self, *outcomes: Exception | None, note: Notification | None = None) -> None:
        self.note = note or a_notification()
        self.clock = FakeClock()
        self.connector = FakeConnector(*outcomes, name="slack")
        self.store = Store(self.note)
        self.config = FakeConfigStore(a_connection())
        self.secrets = FakeSecretStore(self.clock, {SECRET_NAME: [SECRET]})
        self.circuits = FakeCircuitStore()
        self.send_slots = FakeSendSlots()
        self.deliver = a_delivery(
            connector=self.connector,
            notifications=self.store,
            config=self.config,
            clock=self.clock,
            secrets=self.secrets,
            circuits=self.circuits,
            slots=SendSlots(take=self.send_slots, notifications=self.store, clock=self.clock),
        )

    def __call__(self) -> Outcome:
        return self.deliver(self.note.task_id, self.note.id)

    @property
    def kept(self) -> Notification:
        return self.store.get(self.note.task_id, self.note.id)

    @property
    def tries(self) -> int:
        return len(self.connector.sent)
