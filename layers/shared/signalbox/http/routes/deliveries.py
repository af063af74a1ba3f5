"""Deliveries: what came, what became of it, and reading it once more."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from signalbox.auth.cursors import Cursors
from signalbox.http.kept_bodies import BodyView, body_view
from signalbox.http.lists import LIMIT, At, Cursor, Cut, DryRun, Id, Limit, Word
from signalbox.http.routing import Route, Routes, said
from signalbox.models.base import Model, Moment
from signalbox.models.delivery import Delivery, KeptDelivery, Repeats, Verdict
from signalbox.models.errors import NotFound
from signalbox.models.ids import DeliveryId, RequestId, TaskId, delivery_id
from signalbox.models.principal import Scope
from signalbox.models.rejection import Rejections
from signalbox.models.story import Story
from signalbox.models.task import Priority
from signalbox.services.deliveries import DeliveryFilter, ListDeliveries
from signalbox.services.explain import ExplainDelivery
from signalbox.services.ports import DeliveryStore
from signalbox.services.receive import DEFAULT_SOURCE
from signalbox.services.rejections import ListRejections
from signalbox.services.replay import Replay, ReplayDelivery

DELIVERIES = "/api/v1/deliveries"
_DELIVERY = f"{DELIVERIES}/<delivery_id>"
_TAG = "deliveries"
_BY_KEY = "there is no such delivery; by the provider's own id: /api/v1/explain?provider=&key="


class DeliverySummary(Model):
    """A delivery in a list."""

    id: DeliveryId
    provider: str
    source: str
    key: str
    received_at: Moment
    verdict: Verdict
    reason: str | None = None
    event: str | None = None
    size: int
    task_ids: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = ()
    request_id: RequestId | None = None
    replayed_at: Moment | None = None
    replayed_by: str | None = None


class DeliveryView(DeliverySummary):
    """A delivery. `secret` counts which secret of the source verified it, 0 being the current."""

    secret: int
    headers: dict[str, str]
    repeats: Repeats
    body: BodyView


class DeliveryList(Model):
    """A page of deliveries, newest first. `next` is the cursor of the page behind it.

    A page may be short and still have one behind it.
    """

    items: tuple[DeliverySummary, ...]
    next: str | None = None


class ReplayedTask(Model):
    """A task that a replay made, or would make."""

    id: TaskId
    kind: str
    title: str
    priority: Priority


class Replayed(Model):
    """What today's code makes of a delivery, and whether that `differs` from the record.

    `made` are tasks that were not there, `there` those that were. A task that has ended and whose
    time was over is made again.
    """

    delivery_id: DeliveryId
    dry_run: bool
    differs: bool
    verdict_before: Verdict
    verdict: Verdict
    event: str | None = None
    reason: str | None = None
    notes: tuple[str, ...]
    made: tuple[ReplayedTask, ...]
    there: tuple[TaskId, ...]


class RejectionList(Model):
    """What was refused of each source."""

    items: tuple[Rejections, ...] = Field(default=())


def add_deliveries(
    routes: Routes,
    *,
    browse: ListDeliveries,
    store: DeliveryStore,
    replay: ReplayDelivery,
    cursors: Cursors,
) -> None:
    """Adds the routes."""

    @routes.add(_reading(DELIVERIES, "List deliveries, newest first", DeliveryList))
    def list_deliveries(
        provider: Word = None,
        source: Word = None,
        verdict: Annotated[Verdict | None, Query()] = None,
        since: At = None,
        until: At = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[str]:
        wanted = DeliveryFilter(
            provider=provider,
            source=source,
            verdict=verdict,
            since=since,
            until=until,
        )
        cut = Cut(cursors=cursors, path=DELIVERIES, wanted=wanted, limit=limit)
        page = browse(wanted, limit=limit, after=cut.after(cursor))
        items = tuple(_summary(delivery) for delivery in page.items)
        return said(DeliveryList(items=items, next=cut.following(page.after)))

    @routes.add(_reading(_DELIVERY, "Show a delivery with its body", DeliveryView, 404))
    def show_delivery(delivery_id: Id) -> Response[str]:
        return said(_view(store.whole(DeliveryId(delivery_id))))

    @routes.add(
        Route(
            method="POST",
            path=f"{_DELIVERY}/replay",
            scope=Scope.DELIVERIES_WRITE,
            tag=_TAG,
            summary="Read a delivery with today's code; makes the tasks that are not there",
            answers=Replayed,
            refuses=(404, 409),
        )
    )
    def replay_delivery(
        delivery_id: Id,
        dry_run: DryRun = False,  # noqa: FBT002  as queries are
    ) -> Response[str]:
        call = routes.call()
        found = replay(
            DeliveryId(delivery_id),
            by=call.caller.name,
            request_id=RequestId(call.request.request_id),
            dry_run=dry_run,
        )
        return said(_replayed(found, dry_run=dry_run))


def add_explanations(
    routes: Routes, *, explain: ExplainDelivery, rejections: ListRejections
) -> None:
    """Adds the routes that say why something happened, or did not."""

    @routes.add(_reading(f"{_DELIVERY}/explain", "Tell the story of a delivery", Story, 404))
    def explain_delivery(delivery_id: Id) -> Response[str]:
        try:
            return said(explain(DeliveryId(delivery_id)))
        except NotFound:
            raise NotFound(_BY_KEY) from None

    @routes.add(_reading("/api/v1/explain", "Tell it by the provider's own id", Story, 404))
    def explain_key(
        key: Annotated[str, Query(min_length=1, max_length=200)],
        provider: Annotated[str, Query(min_length=1, max_length=64)],
        source: Annotated[str, Query(min_length=1, max_length=64)] = DEFAULT_SOURCE,
    ) -> Response[str]:
        return said(explain(delivery_id(provider, source, key)))

    @routes.add(_reading("/api/v1/rejections", "Show what was refused, and why", RejectionList))
    def list_rejections(provider: Word = None, source: Word = None) -> Response[str]:
        return said(RejectionList(items=tuple(rejections(provider, source))))


def _reading(path: str, summary: str, answers: type[Model], *refuses: int) -> Route:
    return Route(
        method="GET",
        path=path,
        scope=Scope.DELIVERIES_READ,
        tag=_TAG,
        summary=summary,
        answers=answers,
        refuses=refuses,
    )


def _summary(delivery: Delivery) -> DeliverySummary:
    return DeliverySummary.model_validate(
        delivery.model_dump(include=set(DeliverySummary.model_fields))
    )


def _view(kept: KeptDelivery) -> DeliveryView:
    delivery = kept.delivery
    return DeliveryView(
        **_summary(delivery).__dict__,
        secret=delivery.secret,
        headers=delivery.headers,
        repeats=kept.repeats,
        body=body_view(kept.body),
    )


def _replayed(replay: Replay, *, dry_run: bool) -> Replayed:
    return Replayed(
        delivery_id=replay.before.id,
        dry_run=dry_run,
        differs=replay.differs,
        verdict_before=replay.before.verdict,
        verdict=replay.verdict,
        event=replay.event,
        reason=replay.reason,
        notes=replay.notes,
        made=tuple(
            ReplayedTask(id=task.id, kind=task.kind, title=task.title, priority=task.priority)
            for task in replay.new
        ),
        there=replay.there,
    )
