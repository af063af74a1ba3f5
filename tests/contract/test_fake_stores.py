"""The fakes keep the promises that the real stores keep."""

import pytest

from tests.contract.circuits import CircuitStoreContract
from tests.contract.concurrency import ConcurrencyStoreContract
from tests.contract.dependents import DependentIndexContract
from tests.contract.digests import DigestStoreContract
from tests.contract.grants import GrantStoreContract, RefreshLockStoreContract
from tests.contract.held import HeldIndexContract
from tests.contract.incidents import IncidentStoreContract
from tests.contract.queues import TaskQueueContract
from tests.contract.redelivery import RedeliveryStoreContract
from tests.contract.references import ReferenceStoreContract
from tests.contract.sequences import SequenceStoreContract
from tests.contract.settings import (
    ConfigKeeperContract,
    ConfigStoreContract,
    KeyStoreContract,
    PutSecrets,
    PutThing,
    SecretStoreContract,
)
from tests.contract.stores import (
    AgendaContract,
    DeliveryStoreContract,
    NotificationStoreContract,
)
from tests.contract.tasks import TaskStoreContract
from tests.fakes.circuits import FakeCircuitStore
from tests.fakes.clock import FakeClock
from tests.fakes.concurrency import FakeConcurrency
from tests.fakes.config import FakeConfigStore, FakeKeyStore, FakeSecretStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.dependents import FakeDependents
from tests.fakes.digests import FakeDigestStore
from tests.fakes.grants import FakeGrantStore, FakeRefreshLockStore
from tests.fakes.incidents import FakeIncidentStore
from tests.fakes.queues import FakeTaskQueue
from tests.fakes.redelivery import FakeRedeliveryStore
from tests.fakes.references import FakeReferenceStore
from tests.fakes.sequences import FakeSequenceStore
from tests.fakes.tasks import FakeAgenda, FakeHeldIndex, FakeNotificationStore, FakeTaskStore


class TestFakeTaskStore(TaskStoreContract):
    @pytest.fixture
    def store(self) -> FakeTaskStore:
        return FakeTaskStore()


class TestFakeNotificationStore(NotificationStoreContract):
    @pytest.fixture
    def store(self) -> FakeNotificationStore:
        return FakeNotificationStore()


class TestFakeAgenda(AgendaContract):
    @pytest.fixture
    def tasks(self) -> FakeTaskStore:
        return FakeTaskStore()

    @pytest.fixture
    def notes(self) -> FakeNotificationStore:
        return FakeNotificationStore()

    @pytest.fixture
    def due_index(self, tasks: FakeTaskStore, notes: FakeNotificationStore) -> FakeAgenda:
        return FakeAgenda(tasks, notes)


class TestFakeHeldIndex(HeldIndexContract):
    @pytest.fixture
    def notes(self) -> FakeNotificationStore:
        return FakeNotificationStore()

    @pytest.fixture
    def index(self, notes: FakeNotificationStore) -> FakeHeldIndex:
        return FakeHeldIndex(notes)


class TestFakeDeliveryStore(DeliveryStoreContract):
    @pytest.fixture
    def store(self) -> FakeDeliveryStore:
        return FakeDeliveryStore()


class TestFakeIncidentStore(IncidentStoreContract):
    @pytest.fixture
    def store(self) -> FakeIncidentStore:
        return FakeIncidentStore()


class TestFakeRedeliveryStore(RedeliveryStoreContract):
    @pytest.fixture
    def store(self) -> FakeRedeliveryStore:
        return FakeRedeliveryStore()


class TestFakeCircuitStore(CircuitStoreContract):
    @pytest.fixture
    def store(self) -> FakeCircuitStore:
        return FakeCircuitStore()


class TestFakeReferenceStore(ReferenceStoreContract):
    @pytest.fixture
    def store(self) -> FakeReferenceStore:
        return FakeReferenceStore()


class TestFakeConfigStore(ConfigStoreContract):
    @pytest.fixture
    def store(self) -> FakeConfigStore:
        return FakeConfigStore()

    @pytest.fixture
    def put(self, store: FakeConfigStore) -> PutThing:
        return store.put


class TestFakeConfigKeeper(ConfigKeeperContract):
    @pytest.fixture
    def keeper(self) -> FakeConfigStore:
        return FakeConfigStore()


class TestFakeKeyStore(KeyStoreContract):
    @pytest.fixture
    def store(self) -> FakeKeyStore:
        return FakeKeyStore()


class TestFakeSecretStore(SecretStoreContract):
    @pytest.fixture
    def store(self, clock: FakeClock) -> FakeSecretStore:
        return FakeSecretStore(clock, {})

    @pytest.fixture
    def put(self, store: FakeSecretStore) -> PutSecrets:
        return store.put


class TestFakeTaskQueue(TaskQueueContract):
    @pytest.fixture
    def queue(self, clock: FakeClock) -> FakeTaskQueue:
        return FakeTaskQueue(clock)


class TestFakeDigestStore(DigestStoreContract):
    @pytest.fixture
    def store(self) -> FakeDigestStore:
        return FakeDigestStore()


class TestFakeGrantStore(GrantStoreContract):
    @pytest.fixture
    def store(self) -> FakeGrantStore:
        return FakeGrantStore()


class TestFakeRefreshLockStore(RefreshLockStoreContract):
    @pytest.fixture
    def store(self) -> FakeRefreshLockStore:
        return FakeRefreshLockStore()


class TestFakeSequenceStore(SequenceStoreContract):
    @pytest.fixture
    def store(self) -> FakeSequenceStore:
        return FakeSequenceStore()


class TestFakeDependents(DependentIndexContract):
    @pytest.fixture
    def index(self) -> FakeDependents:
        return FakeDependents()


class TestFakeConcurrency(ConcurrencyStoreContract):
    @pytest.fixture
    def store(self) -> FakeConcurrency:
        return FakeConcurrency()
