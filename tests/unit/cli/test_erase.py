"""A person is erased from everything that has finished, and nothing else changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.backup.contents import BackupPart
from cli.erase.person import ErasedPerson
from cli.erase.run import ErasePerson, Erasure, ErasureReport
from cli.errors import CommandError
from signalbox.aws import table_keys
from signalbox.aws.compression import compress, pack_record, unpack_record
from signalbox.models.change import TaskSummary, task_summary
from signalbox.models.log import Chunk
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import Task, TaskStatus
from tests.builders import NOW, a_delivery, a_notification, a_task
from tests.fakes.backup import FakeBackupStorage

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

ADA = "ada-l"


def a_finished_task(**changes: object) -> Task:
    finished = {"status": TaskStatus.SUCCEEDED, "finished_at": NOW, "dispatched": 1}
    return a_task(**(finished | changes))


def task_item(task: Task) -> Item:
    return {
        "pk": {"S": table_keys.task_pk(task.id)},
        "sk": {"S": table_keys.TASK_SORT},
        "version": {"N": "1"},
        "doc": {"B": pack_record("task", task.model_dump_json())},
        "summary": {"B": pack_record("summary", task_summary(task).model_dump_json())},
    }


def delivery_item(key: str, body: bytes, **changes: object) -> Item:
    delivery = a_delivery(key=key, **changes)
    return {
        "pk": {"S": delivery.id},
        "doc": {"B": pack_record("delivery", delivery.model_dump_json())},
        "body": {"B": compress(body)},
    }


def erased(storage: FakeBackupStorage, *, dry_run: bool = False) -> ErasureReport:
    return ErasePerson(storage=storage, person=ErasedPerson(ADA), dry_run=dry_run)()


def stored(storage: FakeBackupStorage, table: BackupPart) -> list[str]:
    """All documents of a table as text."""
    return [str(unpack_record(item["doc"])) for item in storage.items(table)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada-l", True),
        ("by @Ada-L, today", True),
        ("https://example.com/ada-l/site", True),
        ("mail ada-l.", True),
        ("ada-l@example.com", True),
        ("ada-lovelace", False),
        ("canada-l", False),
        ("x-ada-l", False),
        ("ada-l.dev", False),
        ("ada", False),
    ],
)
def test_a_person_is_found_as_a_whole_word(text: str, *, found: bool) -> None:
    assert ErasedPerson(ADA).is_in(text) is found


def test_an_email_address_is_found_in_a_form() -> None:
    assert ErasedPerson("ada@example.com").is_in_body(b"payload=ada%40example.com&x=1")
    assert not ErasedPerson("ada@example.com").is_in_body(b"payload=ada%40example.com.au")


@pytest.mark.parametrize("odd", ["", "a", "two words", "a\n", "x" * 255])
def test_what_names_no_person_is_refused(odd: str) -> None:
    with pytest.raises(CommandError, match="login or an email address"):
        ErasedPerson(odd)


def test_a_task_of_a_person_loses_name_and_texts_and_stays_readable() -> None:
    task = a_finished_task(author="Ada-L", title="Fix", instruction="call 555", labels=("home",))
    storage = FakeBackupStorage()
    storage.hold(BackupPart.TASKS, task_item(task))

    report = erased(storage)

    (item,) = storage.items(BackupPart.TASKS)
    after = Task.model_validate_json(unpack_record(item["doc"]))
    summary = TaskSummary.model_validate_json(unpack_record(item["summary"]))
    assert (after.id, after.version, after.kind) == (task.id, task.version, task.kind)
    assert (after.author, after.title, after.instruction) == ("erased", "erased", "erased")
    assert (after.labels, after.arguments) == ((), ())
    assert (summary.author, summary.title) == ("erased", "erased")
    assert report.counts["Tasks"] == {Erasure.SCANNED: 1, Erasure.REDACTED: 1, Erasure.BODIES: 0}


def test_a_task_that_only_mentions_a_person_keeps_its_other_words() -> None:
    task = a_finished_task(author="bob", title="Ask ada-l for the key")
    storage = FakeBackupStorage()
    storage.hold(BackupPart.TASKS, task_item(task))

    erased(storage)

    (item,) = storage.items(BackupPart.TASKS)
    after = Task.model_validate_json(unpack_record(item["doc"]))
    assert (after.author, after.title) == ("bob", "Ask erased for the key")


def test_notifications_and_logs_are_redacted_too() -> None:
    task = a_finished_task(author=ADA)
    note = a_notification(task, status=NotificationStatus.DELIVERED)
    chunk = Chunk(first=1, seq=1, fence=1, attempt=1, at=NOW, size=11, lines=("hello ada-l",))
    storage = FakeBackupStorage()
    pk = table_keys.task_pk(task.id)
    storage.hold(
        BackupPart.TASKS,
        {"pk": {"S": pk}, "sk": {"S": "LOG#1"}, "doc": {"S": chunk.model_dump_json()}},
        {
            "pk": {"S": pk},
            "sk": {"S": "NOTIFICATION#1"},
            "doc": {"B": pack_record("notification", note.model_dump_json())},
        },
    )

    report = erased(storage)

    assert not any(ADA in text for text in stored(storage, BackupPart.TASKS))
    assert report.left == ()
    assert report.complete


def test_the_body_of_a_webhook_with_a_person_is_deleted_and_its_record_stays() -> None:
    storage = FakeBackupStorage()
    large = delivery_item("large", b"")
    del large["body"]  # type: ignore[attr-defined]  # a dict in truth
    storage.bodies = {"k": compress(b'{"sender": "ada-l"}'), "other": compress(b"{}")}
    storage.hold(
        BackupPart.DELIVERIES,
        delivery_item("one", b'{"sender": {"login": "ada-l"}}', notes=("ada-l has no access",)),
        delivery_item("two", b'{"sender": {"login": "bob"}}'),
        {**large, "body_key": {"S": "k"}},
    )

    report = erased(storage)

    bodies = [{"body", "body_key"} & item.keys() for item in storage.items(BackupPart.DELIVERIES)]
    assert sorted(map(len, bodies)) == [0, 0, 1]
    assert list(storage.bodies) == ["other"]
    assert not any(ADA in text for text in stored(storage, BackupPart.DELIVERIES))
    assert report.counts["Deliveries"][Erasure.BODIES] == 2


def test_what_has_not_finished_is_left_and_reported() -> None:
    task = a_task(author=ADA)
    storage = FakeBackupStorage()
    storage.hold(BackupPart.TASKS, task_item(task))

    report = erased(storage)

    assert not report.complete
    assert report.left == (f"Tasks TASK#{task.id} TASK: not finished",)
    assert storage.tables[BackupPart.TASKS][f"TASK#{task.id}", "TASK"] == task_item(task)


def test_what_cannot_be_parsed_is_left_and_reported() -> None:
    storage = FakeBackupStorage()
    item: Item = {"pk": {"S": "TASK#1"}, "sk": {"S": "TASK"}, "doc": {"S": '{"author": "ada-l"}'}}
    storage.hold(BackupPart.TASKS, item)

    assert erased(storage).left == ("Tasks TASK#1 TASK: not redactable",)


def test_a_record_that_changes_meanwhile_is_left_and_reported() -> None:
    class Busy(FakeBackupStorage):
        def replace(self, table: BackupPart, before: Item, after: Item) -> bool:
            del table, before, after
            return False

    storage = Busy()
    storage.hold(BackupPart.TASKS, task_item(a_finished_task(author=ADA)))

    report = erased(storage)

    assert report.counts["Tasks"][Erasure.CHANGED] == 1
    assert not report.complete


def test_a_dry_run_counts_and_changes_nothing() -> None:
    storage = FakeBackupStorage()
    item = task_item(a_finished_task(author=ADA))
    storage.hold(BackupPart.TASKS, item)

    report = erased(storage, dry_run=True)

    assert report.counts["Tasks"][Erasure.REDACTED] == 1
    assert list(storage.items(BackupPart.TASKS)) == [item]


def test_a_second_run_finds_nothing_more() -> None:
    storage = FakeBackupStorage()
    storage.hold(BackupPart.TASKS, task_item(a_finished_task(author=ADA)))
    erased(storage)

    assert erased(storage).counts["Tasks"] == {Erasure.SCANNED: 1}


def test_configuration_that_names_the_person_is_reported_and_stays() -> None:
    storage = FakeBackupStorage()
    source: Item = {
        "pk": {"S": "SOURCE"},
        "sk": {"S": "github/default"},
        "doc": {"S": '{"authors": ["ada-l"]}'},
    }
    storage.hold(BackupPart.CONFIG, source)

    report = erased(storage)

    assert report.configuration == ("source github/default",)
    assert not report.complete


def test_no_report_names_the_person() -> None:
    storage = FakeBackupStorage()
    storage.hold(BackupPart.TASKS, task_item(a_task(author=ADA)))

    assert ADA not in erased(storage).model_dump_json()
