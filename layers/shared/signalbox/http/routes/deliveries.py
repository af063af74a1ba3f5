"""Deliveries: list, get, explain and replay."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from signalbox.auth.cursors import Cursors
from signalbox.http.body_view import body_view
from signalbox.http.pagination import (
    DEFAULT_PAGE_SIZE,
    CursorQuery,
    DryRunQuery,
    IdPath,
    LimitQuery,
    Pagination,
    TextQuery,
    TimeQuery,
)
from signalbox.http.problem_pages import MEANINGS
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.deliveries import (
    DELIVERIES,
    DeliveryBodyResponse,
    DeliveryList,
    DeliverySummary,
    DeliveryView,
    RejectionList,
    RejectionMeaning,
    ReplayResponse,
    ReplayTask,
)
from signalbox.models.base import Model
from signalbox.models.delivery import Delivery, DeliveryStatus, StoredDelivery
from signalbox.models.errors import NotFound
from signalbox.models.ids import DeliveryId, RequestId, delivery_id
from signalbox.models.principal import Scope
from signalbox.models.rejection import Rejections
from signalbox.models.source import DEFAULT_SOURCE
from signalbox.models.timeline import Timeline
from signalbox.services.deliveries.explain import ExplainDelivery
from signalbox.services.deliveries.list_deliveries import DeliveryFilter, ListDeliveries
from signalbox.services.deliveries.list_rejections import ListRejections
from signalbox.services.deliveries.replay import ReplayDelivery, ReplayResult
from signalbox.services.ports.deliveries import DeliveryStore

_DELIVERY = f"{DELIVERIES}/<delivery_id>"
_TAG = "deliveries"
_BY_KEY = "there is no such delivery; by the provider's own id: /api/v1/explain?provider=&key="


def add_deliveries(
    routes: Routes,
    *,
    browse: ListDeliveries,
    store: DeliveryStore,
    replay: ReplayDelivery,
    cursors: Cursors,
) -> None:
    """Add the routes."""

    @routes.add(_reading(DELIVERIES, "List deliveries, newest first", DeliveryList))
    def list_deliveries(
        provider: TextQuery = None,
        source: TextQuery = None,
        status: Annotated[DeliveryStatus | None, Query()] = None,
        since: TimeQuery = None,
        until: TimeQuery = None,
        limit: LimitQuery = DEFAULT_PAGE_SIZE,
        cursor: CursorQuery = None,
    ) -> Response[str]:
        filters = DeliveryFilter(
            provider=provider,
            source=source,
            status=status,
            since=since,
            until=until,
        )
        pagination = Pagination(cursors=cursors, path=DELIVERIES, filters=filters, limit=limit)
        page = browse(filters, limit=limit, after=pagination.after(cursor))
        items = tuple(_summary(delivery) for delivery in page.items)
        return json_response(DeliveryList(items=items, next=pagination.following(page.after)))

    @routes.add(_reading(_DELIVERY, "Show a delivery with its body", DeliveryView, 404))
    def show_delivery(delivery_id: IdPath) -> Response[str]:
        return json_response(_view(store.get_stored(DeliveryId(delivery_id))))

    @routes.add(
        Route(
            method="GET",
            path=f"{_DELIVERY}/body",
            scope=Scope.DELIVERIES_BODY,
            tag=_TAG,
            summary="Get the body of a delivery as it was sent, without masking",
            response_model=DeliveryBodyResponse,
            problems=(404,),
        )
    )
    def get_delivery_body(delivery_id: IdPath) -> Response[str]:
        stored = store.get_stored(DeliveryId(delivery_id))
        if stored.body is None:
            raise NotFound("the body of the delivery was not kept, by the choice of its source")
        body = DeliveryBodyResponse(
            delivery_id=stored.delivery.id,
            size=len(stored.body),
            content=b64encode(stored.body).decode(),
        )
        return json_response(body)

    @routes.add(
        Route(
            method="POST",
            path=f"{_DELIVERY}/replay",
            scope=Scope.DELIVERIES_WRITE,
            tag=_TAG,
            summary="Replay a delivery with the current code; create the missing tasks",
            response_model=ReplayResponse,
            problems=(404, 409),
        )
    )
    def replay_delivery(
        delivery_id: IdPath,
        dry_run: DryRunQuery = False,  # noqa: FBT002  as queries are
    ) -> Response[str]:
        call = routes.call()
        found = replay(
            DeliveryId(delivery_id),
            by=call.caller.name,
            request_id=RequestId(call.request.request_id),
            dry_run=dry_run,
        )
        return json_response(_replayed(found, dry_run=dry_run))


def add_explanations(
    routes: Routes, *, explain: ExplainDelivery, rejections: ListRejections
) -> None:
    """Add the routes that explain deliveries and rejections."""

    @routes.add(_reading(f"{_DELIVERY}/explain", "Tell the story of a delivery", Timeline, 404))
    def explain_delivery(delivery_id: IdPath) -> Response[str]:
        try:
            return json_response(explain(DeliveryId(delivery_id)))
        except NotFound:
            raise NotFound(_BY_KEY) from None

    @routes.add(_reading("/api/v1/explain", "Tell it by the provider's own id", Timeline, 404))
    def explain_key(
        key: Annotated[str, Query(min_length=1, max_length=200)],
        provider: Annotated[str, Query(min_length=1, max_length=64)],
        source: Annotated[str, Query(min_length=1, max_length=64)] = DEFAULT_SOURCE,
    ) -> Response[str]:
        return json_response(explain(delivery_id(provider, source, key)))

    @routes.add(_reading("/api/v1/rejections", "Show what was refused, and why", RejectionList))
    def list_rejections(provider: TextQuery = None, source: TextQuery = None) -> Response[str]:
        items = tuple(rejections(provider, source))
        return json_response(RejectionList(items=items, meanings=_meanings(items)))


def _meanings(items: Iterable[Rejections]) -> dict[str, RejectionMeaning]:
    codes = sorted({code for each in items for code in each.counts} & MEANINGS.keys())
    return {
        code: RejectionMeaning(what=MEANINGS[code].what, advice=MEANINGS[code].advice)
        for code in codes
    }


def _reading(path: str, summary: str, answers: type[Model], *refuses: int) -> Route:
    return Route(
        method="GET",
        path=path,
        scope=Scope.DELIVERIES_READ,
        tag=_TAG,
        summary=summary,
        response_model=answers,
        problems=refuses,
    )


def _summary(delivery: Delivery) -> DeliverySummary:
    return DeliverySummary.model_validate(
        delivery.model_dump(include=set(DeliverySummary.model_fields))
    )


def _view(kept: StoredDelivery) -> DeliveryView:
    delivery = kept.delivery
    return DeliveryView(
        **_summary(delivery).__dict__,
        secret=delivery.secret,
        headers=delivery.headers,
        deferral=delivery.deferral,
        duplicates=kept.duplicates,
        body=None if kept.body is None else body_view(kept.body),
    )


def _replayed(replay: ReplayResult, *, dry_run: bool) -> ReplayResponse:
    return ReplayResponse(
        delivery_id=replay.before.id,
        dry_run=dry_run,
        differs=replay.differs,
        status_before=replay.before.status,
        status=replay.status,
        event=replay.event,
        reason=replay.reason,
        notes=replay.notes,
        created=tuple(
            ReplayTask(id=task.id, kind=task.kind, title=task.title, priority=task.priority)
            for task in replay.new
        ),
        existing=replay.existing,
    )
