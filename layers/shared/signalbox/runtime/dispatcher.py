"""Build the handler of the function that reads the stream of the Tasks table."""

from logging import Logger
from typing import Annotated

from pydantic import BeforeValidator, JsonValue, ValidationError

from signalbox.aws.compression import unpack_record
from signalbox.aws.table_keys import TASK_SORT
from signalbox.models.base import PartialModel
from signalbox.models.errors import ConfigurationUnreadable, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.span import Span, SpanKind
from signalbox.models.task import Task
from signalbox.models.trace_context import task_traceparent
from signalbox.runtime.stream_records import StreamRecord
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.ports.metrics import Count
from signalbox.services.tasks.dispatch import DispatchChanges


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
class Dispatcher:
    """A Lambda handler for batches of the stream.

    It raises on errors, so that the whole batch is delivered again. A record that cannot be parsed
    is counted and skipped, since its task is stored in the table; so is one whose connections
    cannot be parsed.
    """

    dispatch: DispatchChanges
    logger: Logger
    count: Count

    def __call__(self, event: dict[str, JsonValue], _context: object) -> None:
        """Dispatch every change in the batch, then raise Unavailable if one was not dispatched."""
        errors: list[Unavailable] = []
        for record in _Batch.model_validate(event).Records:
            task = self._changed(record)
            if task is None:
                continue
            said = {
                "task_id": task.id,
                "version": task.version,
                "change": task.last_step.type,
                "request_id": task.origin.request_id,
            }
            name = f"dispatch {task.last_step.type}"
            with Span(SpanKind.CONSUMER, name, parent=task_traceparent(task)) as span:
                try:
                    self.dispatch(task, [task.last_step])
                except ConfigurationUnreadable as unreadable:
                    # to see it again at once would help nobody: maintenance tries and tells of it
                    span.error = unreadable.code
                    self.logger.error("not dispatched", extra={**said, "reason": unreadable.reason})
                except Unavailable as error:
                    span.error = error.code
                    errors.append(error)
                else:
                    self.logger.info("dispatched", extra=said)
        if errors:
            raise errors[0]

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


def dispatcher(wiring: Wiring | None = None) -> Dispatcher:
    """Return the handler."""
    wired = wiring or Wiring()
    handler = Dispatcher(dispatch=wired.dispatch, logger=logger(), count=count)
    return exported(handler, "datasource", wired.telemetry_headers)
