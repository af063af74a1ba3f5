"""Build the handler of the function that reads the stream of the Tasks table."""

from collections.abc import Iterator
from itertools import groupby
from logging import Logger
from typing import Annotated

from pydantic import BeforeValidator, JsonValue, ValidationError

from signalbox.aws.compression import unpack_record
from signalbox.aws.table_keys import TASK_SORT
from signalbox.models.base import PartialModel
from signalbox.models.errors import ConfigurationUnreadable, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.span import Span, SpanKind, current_span
from signalbox.models.task import Task
from signalbox.models.trace_context import task_traceparent
from signalbox.runtime.stream_records import StreamRecord
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.ports.metrics import Count
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.outbox import Outbox


class _Text(PartialModel):
    S: str


class _Number(PartialModel):
    N: int


class _Image(PartialModel):
    doc: Annotated[str | bytes, BeforeValidator(unpack_record)]
    version: _Number


class _Keys(PartialModel):
    sk: _Text


class _Keyed(PartialModel):
    Keys: _Keys


class _Images(PartialModel):
    NewImage: _Image | None = None
    OldImage: _Image | None = None


class _Batch(PartialModel):
    Records: tuple[StreamRecord, ...]


@frozen
class _Dispatch:
    """The dispatch of one change, in phases."""

    task: Task
    span: Span
    phases: Iterator[None]


@frozen
class Dispatcher:
    """A Lambda handler for batches of the stream.

    The messages of successive changes are sent together, first those for workers. A change of a
    task with relations moves other tasks on, so it is dispatched by itself. It raises on errors, so
    that the whole batch is delivered again. A record that cannot be parsed is counted and skipped,
    since its task is stored in the table; so is one whose connections cannot be parsed.
    """

    dispatch: DispatchChanges
    logger: Logger
    count: Count

    def __call__(self, event: dict[str, JsonValue], _context: object) -> None:
        """Dispatch every change in the batch, then raise Unavailable if one was not dispatched."""
        tasks = [self._changed(record) for record in _Batch.model_validate(event).Records]
        outbox, errors = self.dispatch.outbox(), list[Unavailable]()
        for _, successive in groupby(filter(None, tasks), key=_has_relations):
            running = [self._begin(task, outbox) for task in successive]
            while running:
                running = [each for each in running if self._goes_on(each, errors)]
                outbox.send()
        if errors:
            raise errors[0]

    def _begin(self, task: Task, outbox: Outbox) -> _Dispatch:
        """Return the dispatch of the last step of a task, of which nothing is done yet."""
        name = f"dispatch {task.last_step.type}"
        span = Span(SpanKind.CONSUMER, name, parent=task_traceparent(task))
        return _Dispatch(task=task, span=span, phases=self._phases(task, outbox))

    def _phases(self, task: Task, outbox: Outbox) -> Iterator[None]:
        if _has_relations(task):
            self.dispatch(task, [task.last_step])
            return
        yield from self.dispatch.in_phases(task, [task.last_step], outbox)

    def _goes_on(self, running: _Dispatch, errors: list[Unavailable]) -> bool:
        """Do the next phase of a dispatch and return whether there are more."""
        task, span = running.task, running.span
        extra = {
            "task_id": task.id,
            "version": task.version,
            "change": task.last_step.type,
            "request_id": task.origin.request_id,
        }
        with current_span(span):
            try:
                next(running.phases)
            except StopIteration:
                self.logger.info("dispatched", extra=extra)
            except ConfigurationUnreadable as unreadable:
                # to see it again at once would help nobody: maintenance tries and tells of it
                span.error = unreadable.code
                self.logger.error("not dispatched", extra={**extra, "reason": unreadable.reason})
            except Unavailable as error:
                span.error = error.code
                errors.append(error)
            else:
                return True
        span.end()
        return False

    def _changed(self, record: StreamRecord) -> Task | None:
        """Return the task that changed, or None if the record has no new step."""
        try:
            if _Keyed.model_validate(record.dynamodb).Keys.sk.S != TASK_SORT:
                return None
            images = _Images.model_validate(record.dynamodb)
            if images.NewImage is None:
                return None
            before = images.OldImage.version.N if images.OldImage else 0
            if before == images.NewImage.version.N:
                return None
            return Task.model_validate_json(images.NewImage.doc, extra="ignore")
        except ValidationError as odd:
            fields = sorted({str(error["loc"][-1]) for error in odd.errors() if error["loc"]})
            extra = {"event_id": record.eventID, "fields": fields[:20]}
            self.logger.error("change not readable", extra=extra)
            self.count("UnreadableChanges", {})
            return None


def _has_relations(task: Task) -> bool:
    return task.relations is not None


def dispatcher(wiring: Wiring | None = None) -> Dispatcher:
    """Return the handler."""
    wired = wiring or Wiring()
    handler = Dispatcher(dispatch=wired.dispatch, logger=logger(), count=count)
    return exported(handler, "datasource", wired.telemetry_headers)
