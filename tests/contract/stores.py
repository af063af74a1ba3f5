"""What every store of notifications and deliveries promises, and the agenda over the tasks."""

import random
from datetime import timedelta

import pytest

from signalbox.models.base import list_position
from signalbox.models.deferral import with_deferral
from signalbox.models.delivery import DeliveryStatus, DuplicateCount, KeepBodies, reinterpreted
from signalbox.models.errors import NotFound, WriteConflict
from signalbox.models.ids import DeliveryId, LeaseId, NotificationId
from signalbox.models.lifecycle import dispatched, notified, succeeded
from signalbox.models.notification import NotificationRef, begun, delivered, exhausted, sent
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import LEASE_GRACE, RESEND_AFTER, UNSENT_AFTER, Task
from signalbox.services.pagination import Window
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import DueIndex, DueItem, TaskStore
from tests.builders import (
    NOW,
    ODD_TEXT,
    a_deferred,
    a_delivery,
    a_notification,
    a_result,
    a_task,
    held,
)

_AT_ONCE = 24
"""How many parts an agenda may be read in by turns."""

SECOND = timedelta(seconds=1)


class NotificationStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> NotificationStore:
        raise NotImplementedError

    def test_a_notification_is_kept_as_it_is(self, store: NotificationStore) -> None:
        note = begun(a_notification(a_task(title=ODD_TEXT)), NOW, NOW + SECOND)

        store.create(note)

        assert store.get(note.task_id, note.id) == note

    def test_the_same_notification_is_created_once(self, store: NotificationStore) -> None:
        note = a_notification()
        store.create(note)

        again = store.create(begun(note, NOW, NOW + SECOND))

        assert not again
        assert store.get(note.task_id, note.id) == note

    def test_an_unknown_notification_is_not_found(self, store: NotificationStore) -> None:
        note = a_notification()

        with pytest.raises(NotFound):
            store.get(note.task_id, note.id)

    def test_of_two_who_begin_the_same_attempt_one_wins(self, store: NotificationStore) -> None:
        note = a_notification()
        store.create(note)
        first = begun(note, NOW, NOW + SECOND)
        store.replace(note, first)

        with pytest.raises(WriteConflict):
            store.replace(note, begun(note, NOW, NOW + 2 * SECOND))

        assert store.get(note.task_id, note.id) == first

    def test_what_is_not_there_cannot_be_replaced(self, store: NotificationStore) -> None:
        note = a_notification()

        with pytest.raises(WriteConflict):
            store.replace(note, delivered(note, NOW))

    def test_a_task_has_its_own_notifications(self, store: NotificationStore) -> None:
        task, other = a_task(), a_task()
        mine = [a_notification(task, id=NotificationId(f"ntf_{n}")) for n in range(3)]
        for note in (*mine, a_notification(other)):
            store.create(note)

        assert list(store.of_task(task.id)) == mine

    def test_notifications_are_listed_newest_first_by_how_they_stand(
        self, store: NotificationStore
    ) -> None:
        notes = [a_notification(a_task(), created_at=NOW + number * SECOND) for number in range(7)]
        for note in notes:
            store.create(note)
        dead = exhausted(notes[3], "in vain", NOW)
        store.replace(notes[3], dead)

        standing = list(store.newest([NotificationStatus.QUEUED], Window(chunk=2)))
        lost = list(store.newest([NotificationStatus.DEAD], Window()))

        expected = [note.id for note in notes[::-1] if note.id != dead.id]
        assert [ref.notification for ref in standing] == expected
        assert [(ref.task, ref.connection) for ref in lost] == [(dead.task_id, dead.connection)]

    def test_a_list_of_notifications_goes_on_behind_a_position(
        self, store: NotificationStore
    ) -> None:
        notes = [a_notification(a_task(), created_at=NOW + number * SECOND) for number in range(5)]
        for note in notes:
            store.create(note)
        first, second, *_ = store.newest(list(NotificationStatus), Window())

        behind = Window(after=second.position, since=NOW + SECOND)
        found = list(store.newest(list(NotificationStatus), behind))

        assert first.notification == notes[4].id
        assert [ref.notification for ref in found] == [notes[2].id, notes[1].id]

    def test_many_notifications_are_read_at_once(self, store: NotificationStore) -> None:
        notes = [a_notification(a_task()) for _ in range(120)]
        for note in notes:
            store.create(note)
        gone = NotificationRef(
            task=a_task().id,
            notification=NotificationId("ntf_gone"),
            connection=notes[0].connection,
            position="",
        )

        found = store.batch_get([*store.newest([NotificationStatus.QUEUED], Window()), gone])

        assert found == {note.id: note for note in notes}

    def test_a_task_without_notifications_has_none(self, store: NotificationStore) -> None:
        assert list(store.of_task(a_task().id)) == []


class AgendaContract:
    """Inherit and say what `tasks`, `notes` and `agenda` are: one table, seen three ways."""

    @pytest.fixture
    def tasks(self) -> TaskStore:
        raise NotImplementedError

    @pytest.fixture
    def notes(self) -> NotificationStore:
        raise NotImplementedError

    @pytest.fixture
    def due_index(self) -> DueIndex:
        raise NotImplementedError

    @pytest.mark.parametrize(
        ("task", "after"),
        [
            (a_task(), UNSENT_AFTER),
            (dispatched(a_task(), NOW), RESEND_AFTER),
            (a_task(not_before=NOW + timedelta(hours=1)), UNSENT_AFTER),
            (notified(a_task(not_before=NOW + timedelta(hours=1))), timedelta(minutes=45)),
            (held(a_task(), expires_at=NOW + timedelta(minutes=9)), 9 * 60 * SECOND + LEASE_GRACE),
            (held(a_task(), expires_at=NOW + timedelta(minutes=5)), UNSENT_AFTER),
        ],
        ids=["unsent", "sent", "delayed", "waiting", "running long", "running"],
    )
    def test_a_task_that_does_not_move_is_overdue_in_time_and_not_before(
        self, tasks: TaskStore, due_index: DueIndex, task: Task, after: timedelta
    ) -> None:
        tasks.create(task)

        early = list(due_index.overdue(NOW + after - SECOND))
        late = list(due_index.overdue(NOW + after + SECOND))

        assert early == []
        assert late == [DueItem(task=task.id)]

    def test_what_is_overdue_can_be_read_from_either_end(
        self, tasks: TaskStore, due_index: DueIndex
    ) -> None:
        made = [a_task(updated_at=NOW + number * SECOND) for number in range(40)]
        for task in made:
            tasks.create(task)

        found = list(due_index.overdue(NOW + timedelta(hours=1)))
        back = list(due_index.overdue(NOW + timedelta(hours=1), latest_first=True))

        assert {each.task for each in found} == {each.task for each in back} == {t.id for t in made}
        assert made[0].id in {each.task for each in found[:_AT_ONCE]}
        assert made[-1].id in {each.task for each in back[:_AT_ONCE]}

    def test_a_finished_task_is_overdue_until_its_change_is_handed_on(
        self, tasks: TaskStore, due_index: DueIndex
    ) -> None:
        running = held(a_task())
        ended = succeeded(running, LeaseId("lse_one"), 1, a_result(), NOW)
        tasks.create(running)
        tasks.replace(running, ended)

        unsaid = list(due_index.overdue(NOW + UNSENT_AFTER + SECOND))
        tasks.replace(ended, dispatched(ended, NOW))

        assert unsaid == [DueItem(task=ended.id)]
        assert list(due_index.overdue(NOW + timedelta(days=400))) == []

    def test_a_notification_that_does_not_move_is_overdue_until_it_is_delivered(
        self, notes: NotificationStore, due_index: DueIndex
    ) -> None:
        note = a_notification()
        notes.create(note)
        unsent = list(due_index.overdue(NOW + UNSENT_AFTER + SECOND))
        notes.replace(note, sent(note, NOW))
        just_sent = list(due_index.overdue(NOW + UNSENT_AFTER + SECOND))
        forgotten = list(due_index.overdue(NOW + RESEND_AFTER + SECOND))
        begin = begun(note, NOW, NOW + SECOND)
        notes.replace(note, begin)
        notes.replace(begin, delivered(begin, NOW))

        assert unsent == forgotten == [DueItem(task=note.task_id, notification=note.id)]
        assert just_sent == list(due_index.overdue(NOW + timedelta(days=400))) == []

    def test_everything_overdue_is_found_once_while_it_is_being_settled(
        self, tasks: TaskStore, due_index: DueIndex
    ) -> None:
        waiting = [a_task() for _ in range(230)]
        for task in waiting:
            tasks.create(task)
        now = NOW + timedelta(hours=1)

        found = []
        for overdue in due_index.overdue(now):
            found.append(overdue.task)
            task = tasks.get(overdue.task)
            tasks.replace(task, dispatched(task, now))

        assert sorted(found) == sorted(task.id for task in waiting)
        assert list(due_index.overdue(now)) == []


class DeliveryStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> DeliveryStore:
        raise NotImplementedError

    @pytest.mark.parametrize(
        "body",
        [b"", b"{}", bytes(range(256)), random.Random(1).randbytes(1_000_000)],
        ids=["empty", "short", "not text", "a megabyte"],
    )
    def test_a_delivery_and_its_body_are_kept_as_they_are(
        self, store: DeliveryStore, body: bytes
    ) -> None:
        delivery = a_delivery(size=len(body), task_ids=(a_task().id,), notes=(ODD_TEXT,))

        assert store.create(delivery, body)

        assert store.get(delivery.id) == delivery
        assert store.get_stored(delivery.id).body == body

    @pytest.mark.parametrize("size", [10, 1_000_000])
    def test_a_body_that_is_not_kept_is_dropped_when_nothing_is_left_to_do(
        self, store: DeliveryStore, size: int
    ) -> None:
        body = random.Random(1).randbytes(size)
        first = a_deferred(keep_bodies=KeepBodies.NONE, size=size)
        ended = first.deferral.model_copy(update={"due_at": None})
        after = first.model_copy(update={"version": 2, "deferral": ended})
        store.create(first, body)
        while_due = store.get_stored(first.id).body

        store.replace(first, after)

        assert while_due == body
        assert store.get_stored(first.id).body is None
        assert store.get(first.id).version == 2

    def test_a_delivery_of_a_source_that_keeps_no_bodies_has_none(
        self, store: DeliveryStore
    ) -> None:
        delivery = a_delivery(keep_bodies=KeepBodies.NONE)

        store.create(delivery, b"{}")

        assert store.get_stored(delivery.id).body is None

    @pytest.mark.parametrize("size", [10, 1_000_000])
    def test_a_second_delivery_of_the_same_id_changes_nothing(
        self, store: DeliveryStore, size: int
    ) -> None:
        delivery = a_delivery()
        body, other = (random.Random(seed).randbytes(size) for seed in (1, 2))
        store.create(delivery, body)

        again = store.create(delivery.model_copy(update={"reason": "another"}), other)

        assert not again
        assert store.get(delivery.id) == delivery
        assert store.get_stored(delivery.id).body == body

    def test_a_delivery_that_comes_again_is_counted(self, store: DeliveryStore) -> None:
        delivery = a_delivery()
        store.create(delivery, b"{}")

        kept = [store.record_duplicate(delivery.id, NOW + number * SECOND) for number in (1, 2)]

        whole = store.get_stored(delivery.id)
        assert kept == [delivery, delivery]
        assert whole.duplicates == DuplicateCount(count=2, last_at=NOW + 2 * SECOND)
        assert (whole.delivery, whole.body) == (delivery, b"{}")

    def test_a_delivery_that_came_once_has_no_repeats(self, store: DeliveryStore) -> None:
        delivery = a_delivery()
        store.create(delivery, b"{}")

        assert store.get_stored(delivery.id).duplicates == DuplicateCount()

    def test_a_delivery_that_is_not_there_cannot_come_again(self, store: DeliveryStore) -> None:
        with pytest.raises(NotFound):
            store.record_duplicate(DeliveryId("dlv_unknown"), NOW)
        with pytest.raises(NotFound):
            store.get_stored(DeliveryId("dlv_unknown"))

    @pytest.mark.parametrize("size", [10, 1_000_000])
    def test_a_delivery_that_is_read_anew_keeps_its_body(
        self, store: DeliveryStore, size: int
    ) -> None:
        body = random.Random(1).randbytes(size)
        first = a_delivery(status=DeliveryStatus.FAILED)
        second = reinterpreted(first, first.model_copy(update={"task_ids": (a_task().id,)}))
        third = reinterpreted(second, second)
        store.create(first, body)

        store.replace(first, second)
        store.replace(second, third)

        assert store.get(first.id) == third
        assert third.status is DeliveryStatus.ACCEPTED
        assert store.get_stored(first.id).body == body

    def test_of_two_who_read_a_delivery_anew_one_wins(self, store: DeliveryStore) -> None:
        before = a_delivery()
        store.create(before, b"{}")
        store.replace(before, reinterpreted(before, before))

        with pytest.raises(WriteConflict):
            store.replace(before, reinterpreted(before, before))
        with pytest.raises(WriteConflict):
            store.replace(a_delivery(), before)

    def test_the_deliveries_of_a_source_are_listed_newest_first(self, store: DeliveryStore) -> None:
        mine = [a_delivery(received_at=NOW + number * SECOND) for number in range(5)]
        for delivery in (*mine, a_delivery(source="other")):
            store.create(delivery, b"{}")
        place = list_position(mine[3].received_at, mine[3].id)

        everything = list(store.newest("github", "default", Window(chunk=2)))
        part = list(store.newest("github", "default", Window(after=place, since=NOW + SECOND)))

        assert everything == mine[::-1]
        assert part == [mine[2], mine[1]]

    def test_an_unknown_delivery_is_not_found(self, store: DeliveryStore) -> None:
        with pytest.raises(NotFound):
            store.get(DeliveryId("dlv_unknown"))

    def test_deferred_deliveries_are_found_by_the_time_at_which_they_are_due(
        self, store: DeliveryStore
    ) -> None:
        late, early, later = (a_deferred(due_at=NOW + after * SECOND) for after in (2, 1, 3))
        for delivery in (late, early, later, a_delivery()):
            store.create(delivery, b"{}")

        until = [due.id for due in store.due(NOW + 2.5 * SECOND)]
        ever = list(store.due(chunk=1))

        assert until == [early.id, late.id]
        assert [due.due_at for due in ever] == [NOW + n * SECOND for n in (1, 2, 3)]
        assert {(due.source, due.received_at) for due in ever} == {("github/default", NOW)}

    def test_a_delivery_for_which_nothing_is_left_to_do_is_not_due(
        self, store: DeliveryStore
    ) -> None:
        before = a_deferred(due_at=NOW)
        store.create(before, b"{}")
        moved = with_deferral(before, before.deferral.model_copy(update={"due_at": NOW + SECOND}))

        store.replace(before, moved)
        postponed = list(store.due(NOW))
        ended = reinterpreted(moved, a_delivery(key=before.key))
        store.replace(moved, ended)

        assert postponed == []
        assert list(store.due()) == []
        assert store.get(before.id).model_dump() == ended.model_dump()
