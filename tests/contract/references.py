"""What every store of references promises, and what notifications make of it together."""

from datetime import timedelta

import pytest

from signalbox.egress.references import References
from signalbox.models.errors import (
    SendDelayed,
    SendPostponed,
    SendRefused,
    WriteConflict,
)
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification
from signalbox.models.reference import Reference
from signalbox.services.ports.notifications import ReferenceStore
from tests.builders import NOW, a_notification
from tests.fakes.clock import FakeClock

TEAM = ConnectionId("team-jira")
OTHER = ConnectionId("other-jira")
TASK = TaskId("t_1")
CLAIMED = Reference(claimed_by=NotificationId("n_1"), claimed_until=NOW)
CREATED = Reference(target_id="OPS-7", shows=3)


class Target:
    """Something that has objects, and may lose an answer."""

    def __init__(self) -> None:
        self.objects: list[str] = []
        self.updates: list[str] = []

    def find(self) -> str | None:
        return self.objects[-1] if self.objects else None

    def create(self) -> str:
        self.objects.append(f"object-{len(self.objects) + 1}")
        return self.objects[-1]

    def create_unanswered(self) -> str:
        self.create()
        raise SendDelayed("no answer")

    def refuse(self) -> str:
        raise SendRefused("no")


class ReferenceStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> ReferenceStore:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def references(self, store: ReferenceStore, clock: FakeClock) -> References:
        return References(store=store, clock=clock)

    @pytest.fixture
    def target(self) -> Target:
        return Target()

    def test_what_was_never_stored_is_empty(self, store: ReferenceStore) -> None:
        assert store.get(TEAM, TASK) == Reference()

    def test_a_reference_is_stored_for_one_connection_and_task(self, store: ReferenceStore) -> None:
        store.replace(TEAM, TASK, Reference(), CLAIMED)
        store.replace(TEAM, TASK, store.get(TEAM, TASK), CREATED)

        assert store.get(TEAM, TASK) == CREATED.model_copy(update={"version": 2})
        assert store.get(OTHER, TASK) == Reference()
        assert store.get(TEAM, TaskId("t_2")) == Reference()

    def test_of_two_writers_one_wins(self, store: ReferenceStore) -> None:
        store.replace(TEAM, TASK, Reference(), CLAIMED)
        stored = store.get(TEAM, TASK)
        store.replace(TEAM, TASK, stored, CREATED)

        for known in (Reference(), stored):
            with pytest.raises(WriteConflict):
                store.replace(TEAM, TASK, known, CLAIMED)

        assert store.get(TEAM, TASK).target_id == "OPS-7"

    def test_an_object_is_created_once_for_all_changes_of_a_task(
        self, references: References, target: Target
    ) -> None:
        first, second = changes(2)

        made = [
            references.ensure(each, find=target.find, create=target.create).target_id
            for each in (first, second)
        ]

        assert made == ["object-1", "object-1"]
        assert references.find(second) == "object-1"

    def test_a_task_can_have_an_object_of_each_kind(
        self, references: References, target: Target
    ) -> None:
        (first,) = changes(1)

        made = [
            references.of_kind(kind).ensure(first, find=target.find, create=target.create).target_id
            for kind in ("comment", "check", "comment")
        ]

        assert made == ["object-1", "object-2", "object-1"]
        assert references.find(first) is None

    def test_while_one_creates_it_others_wait(
        self, references: References, target: Target, clock: FakeClock
    ) -> None:
        first, second = changes(2)

        def interrupted() -> str:
            with pytest.raises(SendPostponed) as wait:
                references.ensure(second, find=target.find, create=target.create)
            assert wait.value.after
            return target.create()

        made = references.ensure(first, find=target.find, create=interrupted).target_id

        assert made == "object-1"
        assert target.objects == ["object-1"]

    def test_what_was_created_without_an_answer_is_found(
        self, references: References, target: Target
    ) -> None:
        (first,) = changes(1)
        with pytest.raises(SendDelayed):
            references.ensure(first, find=target.find, create=target.create_unanswered)

        made = references.ensure(first, find=target.find, create=target.create).target_id

        assert made == "object-1"
        assert target.objects == ["object-1"]

    def test_a_claim_that_was_left_behind_is_taken_over_after_a_while(
        self, references: References, target: Target, clock: FakeClock
    ) -> None:
        first, second = changes(2)
        with pytest.raises(SendDelayed):
            references.ensure(first, find=target.find, create=target.create_unanswered)
        with pytest.raises(SendPostponed):
            references.ensure(second, find=target.find, create=target.create)
        clock.advance(timedelta(minutes=3))

        made = references.ensure(second, find=target.find, create=target.create).target_id

        assert made == "object-1"
        assert target.objects == ["object-1"]

    def test_a_refusal_leaves_no_claim(self, references: References, target: Target) -> None:
        first, second = changes(2)
        with pytest.raises(SendRefused):
            references.ensure(first, find=target.find, create=target.refuse)

        made = references.ensure(second, find=target.find, create=target.create).target_id

        assert made == "object-1"

    def test_after_a_refusal_the_target_is_not_asked_for_an_object(
        self, references: References, target: Target
    ) -> None:
        (first,) = changes(1)
        with pytest.raises(SendRefused):
            references.ensure(first, find=target.find, create=target.refuse)

        made = references.ensure(first, find=target.refuse, create=target.create).target_id

        assert made == "object-1"

    def test_what_was_created_without_an_answer_is_found_after_a_refusal_to_look(
        self, references: References, target: Target
    ) -> None:
        (first,) = changes(1)
        with pytest.raises(SendDelayed):
            references.ensure(first, find=target.find, create=target.create_unanswered)
        with pytest.raises(SendRefused):
            references.ensure(first, find=target.refuse, create=target.create)

        made = references.ensure(first, find=target.find, create=target.create).target_id

        assert made == "object-1"
        assert target.objects == ["object-1"]

    def test_an_older_change_does_not_overwrite_a_newer_one(
        self, references: References, target: Target
    ) -> None:
        first, second, third = changes(3)
        references.ensure(second, find=target.find, create=target.create)

        for each in (first, second, third, second):
            references.update(each, target.updates.append)

        assert target.updates == ["object-1", "object-1"]

    def test_without_an_object_nothing_is_updated(
        self, references: References, target: Target
    ) -> None:
        references.update(a_notification(), target.updates.append)

        assert not target.updates

    def test_an_object_that_is_gone_is_created_anew(
        self, references: References, target: Target
    ) -> None:
        first, second = changes(2)
        references.ensure(first, find=target.find, create=target.create)
        target.objects.clear()
        references.forget(second)

        references.ensure(second, find=target.find, create=target.create)

        assert references.find(second) == "object-1"
        assert target.objects == ["object-1"]


def changes(number: int) -> list[Notification]:
    """Notifications of one task, oldest change first."""
    first = a_notification()
    data = first.change.data
    return [
        first.model_copy(
            update={
                "id": NotificationId(f"n_{version}"),
                "change": first.change.model_copy(
                    update={"data": data.model_copy(update={"version": version})}
                ),
            }
        )
        for version in range(1, number + 1)
    ]
