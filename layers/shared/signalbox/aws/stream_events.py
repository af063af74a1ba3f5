"""The events of live updates in records of the tables' streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final, TypeVar

from pydantic import BaseModel, Field

from signalbox.aws import table_keys
from signalbox.aws.compression import unpack_record
from signalbox.models.base import PartialModel
from signalbox.models.delivery import Delivery
from signalbox.models.incident import IncidentLedger
from signalbox.models.instance_health import ServiceHealth
from signalbox.models.log import Chunk
from signalbox.models.notification import Notification
from signalbox.models.task import Priority, Task
from signalbox.services.realtime import events
from signalbox.services.realtime.events import ChannelEvent

M = TypeVar("M", bound=BaseModel)

_DOCUMENT: Final = "doc"


class StreamAttribute(PartialModel):
    """The attributes that are read are texts, numbers and packed documents."""

    S: str = ""
    N: str = ""
    B: str | None = None


Attributes = Mapping[str, StreamAttribute]


class StreamImages(PartialModel):
    """The keys of an item, and the item before and after a change."""

    Keys: dict[str, StreamAttribute]
    NewImage: dict[str, StreamAttribute] = Field(default_factory=dict)
    OldImage: dict[str, StreamAttribute] = Field(default_factory=dict)

    @property
    def pk(self) -> str:
        """Return the partition key."""
        return _text(self.Keys, "pk")

    @property
    def sk(self) -> str:
        """Return the sort key, empty if there is none."""
        return _text(self.Keys, "sk")

    @cached_property
    def task(self) -> Task:
        """Return the task after the change.

        Raises:
            ValueError: It has not the form that this version writes.
        """
        return _read(Task, self.NewImage)


def stream_events(images: StreamImages) -> Iterator[ChannelEvent]:
    """Yield the events of a record; none if it was deleted, or if nobody would see a change.

    Raises:
        ValueError: It has not the form that this version writes.
    """
    if not images.NewImage:
        return
    if images.pk.startswith(table_keys.HEALTH):
        yield from _of_health(images)
    elif images.pk == table_keys.INCIDENTS_PK:
        before, after = images.OldImage, images.NewImage
        yield from events.incident_events(_ledger(before), _ledger(after))
    elif images.sk:
        yield from _of_task(images)
    elif not images.pk.startswith(table_keys.REJECTED_REQUEST):
        yield from _of_delivery(images)


def affected_queues(images: StreamImages) -> frozenset[Priority]:
    """Return the queues that a record changes: by a step of a task, or by a pause or its end.

    Raises:
        ValueError: It has not the form that this version writes.
    """
    if images.pk == table_keys.PAUSE:
        return frozenset({Priority(images.sk)})
    if images.sk != table_keys.TASK_SORT or not images.NewImage or not _is_step(images):
        return frozenset()
    before = _read(Task, images.OldImage) if images.OldImage else None
    return events.queues_of(before, images.task)


def _of_task(images: StreamImages) -> Iterator[ChannelEvent]:
    if images.sk == table_keys.TASK_SORT:
        if _is_step(images):
            yield events.task_event(images.task)
    elif images.sk.startswith(table_keys.LOG):
        if not images.OldImage:
            chunk = _read(Chunk, images.NewImage)
            yield from events.log_events(table_keys.task_id_of(images.pk), chunk)
    elif images.sk.startswith(table_keys.NOTIFICATION) and _is_step(images):
        notification = _read(Notification, images.NewImage)
        yield events.notification_event(notification)


def _of_delivery(images: StreamImages) -> Iterator[ChannelEvent]:
    before, after = images.OldImage, images.NewImage
    names = ("status", "version", "duplicates")
    if before and all(before.get(name) == after.get(name) for name in names):
        return
    delivery = _read(Delivery, after)
    duplicates = int(after["duplicates"].N) if "duplicates" in after else 0
    yield events.delivery_event(delivery, duplicates, new=not before)


def _of_health(images: StreamImages) -> Iterator[ChannelEvent]:
    service = images.pk.removeprefix(table_keys.HEALTH)
    yield from events.service_events(service, _health(images.OldImage), _health(images.NewImage))


def _is_step(images: StreamImages) -> bool:
    """Return whether the version changed, which it does not by a heartbeat or a mark."""
    return images.OldImage.get("version") != images.NewImage.get("version")


def _ledger(image: Attributes) -> IncidentLedger:
    return _read(IncidentLedger, image) if image else IncidentLedger()


def _health(image: Attributes) -> ServiceHealth:
    return _read(ServiceHealth, image) if image else ServiceHealth()


def _read(model: type[M], image: Attributes) -> M:
    stored = image.get(_DOCUMENT, StreamAttribute())
    document = unpack_record({"S": stored.S} if stored.B is None else {"B": stored.B})
    return model.model_validate_json(document, extra="ignore")


def _text(image: Attributes, name: str) -> str:
    return image[name].S if name in image else ""
