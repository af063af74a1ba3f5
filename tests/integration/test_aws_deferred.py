"""Slots of burst caps and shared permissions in the State table."""

from datetime import timedelta

import pytest

from signalbox.aws.burst_slots import DynamoBurstSlots
from signalbox.aws.dynamo_table import Table
from signalbox.aws.permission_cache import DynamoPermissionCache
from signalbox.aws.send_slots import DynamoSendSlots
from signalbox.models.burst import BurstCap, BurstWindow
from signalbox.models.delivery_policy import SendRate
from signalbox.models.errors import Unavailable
from signalbox.models.ids import ConnectionId
from signalbox.services.ports.permissions import CachedPermission
from tests.builders import NOW, a_source
from tests.integration.aws import Stack
from tests.integration.faults import Faults, throttled

SECOND = timedelta(seconds=1)
SOURCE = a_source()
CAP = BurstCap(rate=2)
KEY = ("github/default", "octo-org/site", "ada")
TEAM, RATE = ConnectionId("team"), SendRate(rate=30)
HOUR = timedelta(hours=1)
LATEST = NOW + 72 * HOUR


@pytest.fixture
def table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("StateTable"))


class TestSlots:
    def test_are_shared_by_processes_and_kept_apart_by_source(self, table: Table) -> None:
        one, other = DynamoBurstSlots(table=table), DynamoBurstSlots(table=table)

        slots = [take(SOURCE, CAP, NOW) for take in (one, other, other, one, one)]
        elsewhere = one(a_source(name="ci"), CAP, NOW)

        assert [(slot - NOW) / SECOND for slot in slots] == [0, 0, 0.5, 1, 1.5]
        assert elsewhere == NOW

    def test_are_free_again_after_a_pause(self, table: Table) -> None:
        take = DynamoBurstSlots(table=table)
        for _ in range(4):
            take(SOURCE, CAP, NOW)

        later = [take(SOURCE, CAP, NOW + 60 * SECOND) for _ in range(3)]

        assert [(slot - NOW) / SECOND for slot in later] == [60, 60, 60.5]

    def test_cost_one_call_each(self, table: Table, faults: Faults) -> None:
        take = DynamoBurstSlots(table=table)

        for _ in range(5):
            take(SOURCE, BurstCap(rate=1, per=BurstWindow.HOUR), NOW)

        assert [call.operation for call in faults.calls] == ["DynamoDB.UpdateItem"] * 5

    def test_are_unavailable_with_the_table(self, table: Table, faults: Faults) -> None:
        faults.on("DynamoDB.UpdateItem", throttled, times=10)

        with pytest.raises(Unavailable):
            DynamoBurstSlots(table=table)(SOURCE, CAP, NOW)


class TestPermissions:
    @pytest.mark.parametrize("allowed", [True, False])
    def test_are_found_by_their_key(self, table: Table, allowed: bool) -> None:  # noqa: FBT001
        permission = CachedPermission(allowed=allowed, until=NOW + 60 * SECOND)
        cache = DynamoPermissionCache(table=table)

        cache.put(KEY, permission)

        assert cache.get(KEY) == permission
        assert cache.get((*KEY[:2], "bob")) is None

    def test_that_cannot_be_stored_are_only_asked_for_again(
        self, table: Table, faults: Faults
    ) -> None:
        faults.on("DynamoDB.PutItem", throttled, times=10)
        cache = DynamoPermissionCache(table=table)

        cache.put(KEY, CachedPermission(allowed=True, until=NOW))

        assert cache.get(KEY) is None


class TestSendSlots:
    def test_are_evenly_apart_and_none_are_saved_up(self, table: Table) -> None:
        one, other = DynamoSendSlots(table=table), DynamoSendSlots(table=table)

        slots = [take(TEAM, RATE, NOW, LATEST) for take in (one, other, one, other)]
        later = [one(TEAM, RATE, NOW + HOUR, LATEST) for _ in range(2)]

        assert slots == [NOW, *(NOW + seconds * SECOND for seconds in (2, 4, 6))]
        assert later == [NOW + HOUR, NOW + HOUR + 2 * SECOND]

    def test_are_left_to_others_by_those_that_cannot_use_one_in_time(
        self, table: Table, faults: Faults
    ) -> None:
        one, other = DynamoSendSlots(table=table), DynamoSendSlots(table=table)
        taken = [one(TEAM, RATE, NOW, NOW + 3 * SECOND) for _ in range(9)]
        calls = len(faults.calls)

        assert one(TEAM, RATE, NOW, NOW + 3 * SECOND) is None
        assert len(faults.calls) == calls  # it is known, and costs no call
        assert taken == [NOW, NOW + 2 * SECOND, *[None] * 7]
        assert other(TEAM, RATE, NOW, LATEST) == NOW + 4 * SECOND
