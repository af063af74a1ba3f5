"""Health and readiness."""

from collections.abc import Callable, Mapping

from aws_lambda_powertools.event_handler import Response

from signalbox.http.routing import OPEN, Route, Routes, json_response
from signalbox.http.schemas.health import HealthResponse, ReadinessResponse
from signalbox.models.errors import Unavailable
from signalbox.services.ports.time import Clock


def add_health(
    routes: Routes, *, version: str, clock: Clock, checks: Mapping[str, Callable[[], object]]
) -> None:
    """Add the routes. Each of `checks` raises Unavailable if its service does not answer."""

    @routes.add(
        Route(
            method="GET",
            path="/health",
            scope=OPEN,
            tag="health",
            summary="Check that the API runs, without calling AWS",
            response_model=HealthResponse,
            unlimited=True,
        )
    )
    def health() -> Response[str]:
        return json_response(HealthResponse(version=version, time=clock()))

    @routes.add(
        Route(
            method="GET",
            path="/ready",
            scope=OPEN,
            tag="health",
            summary="Check that tables and queues answer",
            response_model=ReadinessResponse,
            also=(503,),
        )
    )
    def ready() -> Response[str]:
        results = {name: _answers(check) for name, check in checks.items()}
        good = all(results.values())
        body = ReadinessResponse(status="ok" if good else "unavailable", checks=results)
        return json_response(body, 200 if good else 503)


def _answers(check: Callable[[], object]) -> bool:
    try:
        check()
    except Unavailable:
        return False
    return True
