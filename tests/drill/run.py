"""The drill: a stack with all kinds of cases is lost, and another one is made of its backup."""

import base64
import time
from collections.abc import Mapping
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import boto3

from cli.backup.archive import (
    ArchiveHeader,
    ArchiveWriter,
    compressed,
    open_archive,
)
from cli.backup.contents import BackupPart, key_of
from cli.backup.run import Placed, compare_backup, restore_backup, write_backup
from cli.backup.storage import AwsBackupStorage
from signalbox.models.ids import TaskId
from signalbox.models.task import ChangeType, Priority
from tests.integration.faults import unreachable
from tests.integration.installation import QUEUES, Installation, installed
from tests.integration.operators import LARGE, Operators
from tests.integration.slack import FakeSlack
from tests.integration.template import REGION

TABLES: Final = (
    BackupPart.TASKS,
    BackupPart.DELIVERIES,
    BackupPart.STATE,
    BackupPart.AUDIT,
    BackupPart.CONFIG,
)
_LARGE: Final = base64.b64encode(Random(1).randbytes(600_000)).decode()
"""What stays larger than an item may be when it is compressed."""


@dataclass(kw_only=True)
class DrillFigures:
    """What was backed up and restored; `losses` has a line for each thing that was lost.

    `parts` has the entries of each part: written, restored, the same, different, missing.
    """

    parts: Mapping[str, tuple[int, int, int, int, int]]
    bytes: int
    backup_seconds: float
    restore_seconds: float
    messages: int
    tasks: int
    finished: int = 0
    notifications: int = 0
    delivered: int = 0
    doubled: int = 0
    losses: list[str] = field(default_factory=list)


def storage_of(box: Installation) -> AwsBackupStorage:
    """Return the storage of an installation in moto."""
    session = boto3.Session("testing", "testing", region_name=REGION)
    stack = box.stack
    return AwsBackupStorage(
        dynamodb=session.client("dynamodb"),
        s3=session.client("s3"),
        sqs=session.client("sqs"),
        ssm=session.client("ssm"),
        tables={table: stack.name(f"{table}Table") for table in TABLES},
        bucket=stack.name("BodiesBucket"),
        queues={each: stack.name(f"{each.value.capitalize()}Queue") for each in Priority},
        prefix=f"/signalbox/{stack.name('AWS::StackName')}",
    )


def run_drill(webhooks: int) -> DrillFigures:
    """Return the figures of a drill of its own."""
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(StringIO()))  # the lines of the functions
        slack = stack.enter_context(FakeSlack().running())
        box = stack.enter_context(installed(slack))
        box.lift_limits()
        return drill(box, webhooks)


def fill(box: Installation, webhooks: int, large: str = _LARGE) -> None:
    """Let tasks of every status be there, with notifications, a large body and audit records."""
    box.use_refreshed_bot()  # in order, so that State has something to keep
    box.subscribe(ChangeType.CREATED, ChangeType.SUCCEEDED, ChangeType.FAILED)
    box.clock.advance(seconds=31)
    for number in range(webhooks):
        box.comment(f"/agent do {number}", delivery=f"d-{number}")
    box.comment(f"/agent large\n\n{large}", delivery=LARGE)
    box.comment("no command", delivery="ignored")
    box.driver.settle()
    for _ in range(webhooks // 2):
        box.work()
    box.driver.settle()
    box.worker.claim()  # and dies
    box.faults.on("HTTP.POST", unreachable, times=3)  # they are repeated after the restore
    for number in range(3):
        box.comment(f"/agent late {number}", delivery=f"late-{number}")
    box.driver.settle()
    Operators(box).ask("POST", "/api/v1/queue/low/pause")


def drill(box: Installation, webhooks: int) -> DrillFigures:
    """Fill the installation, lose everything in it, restore it, and let it go on."""
    fill(box, webhooks)
    storage = storage_of(box)
    ids = {task.id for task in box.records[0]}
    with TemporaryDirectory(prefix="signalbox-") as folder:
        path = Path(folder) / "backup"
        begun = time.process_time()
        header = ArchiveHeader(version="drill", stack="drill", region=REGION, at=box.clock())
        with compressed(path) as file:
            write_backup(storage, ArchiveWriter(file=file), header)
        backup_seconds = time.process_time() - begun
        archive = open_archive(path)
        lose_everything(box, storage)
        lost = compare_backup(storage, archive)
        begun = time.process_time()
        report = restore_backup(storage, archive)
        restore_seconds = time.process_time() - begun
        compared = compare_backup(storage, archive)
        size = path.stat().st_size
    parts = {
        part: (
            archive.end.counts.get(part, 0),
            report.counts.get(part, {}).get(Placed.RESTORED, 0),
            *(compared.counts.get(part, {}).get(each, 0) for each in _COMPARED),
        )
        for part in (*TABLES, BackupPart.BODIES)
    }
    figures = DrillFigures(
        parts=parts,  # type: ignore[arg-type]  # the length of a tuple with a star
        bytes=size,
        backup_seconds=backup_seconds,
        restore_seconds=restore_seconds,
        messages=report.messages,
        tasks=len(ids),
    )
    if lost.total(Placed.PRESENT):
        figures.losses.append("the stack was not empty before the restore")
    figures.losses += [f"not as before: {each}" for each in compared.examples]
    go_on(box, figures, ids)
    return figures


_COMPARED: Final = (Placed.PRESENT, Placed.DIFFERENT, Placed.MISSING)


def lose_everything(box: Installation, storage: AwsBackupStorage) -> None:
    """Delete all items, bodies and messages; secrets stay, as they are no part of a backup."""
    for table in TABLES:
        for item in list(storage.items(table)):
            storage.dynamodb.delete_item(TableName=storage.tables[table], Key=key_of(table, item))
    for key in list(storage.body_keys()):
        storage.delete_body(key)
    for queue in QUEUES:
        storage.sqs.purge_queue(QueueUrl=box.stack.name(queue))


def go_on(box: Installation, figures: DrillFigures, ids: set[TaskId]) -> None:
    """Let workers and connectors finish what was restored, and record what they do not."""
    box.clock.advance(timedelta(seconds=61))
    box.live(minutes=600)
    tasks, notifications = box.records
    figures.finished = sum(task.finished for task in tasks)
    figures.notifications = len(notifications)
    figures.delivered = sum(note.status == "delivered" for note in notifications)
    figures.doubled = sum(times > 1 for times in box.slack.notifications().values())
    gone = ids - {task.id for task in tasks}
    figures.losses += [f"the task {each} is gone" for each in sorted(gone)]
    figures.losses += [
        f"the task {task.id} is {task.status}" for task in tasks if not task.finished
    ]
    open_notes = [note for note in notifications if note.status != "delivered"]
    figures.losses += [f"the notification {note.id} is {note.status}" for note in open_notes]
