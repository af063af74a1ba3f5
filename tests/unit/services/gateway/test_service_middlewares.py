import pytest
from pydantic import JsonValue

from signalbox.models.gateway_errors import MiddlewareMisconfigured
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.service import Service
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind, MiddlewareTools, Place
from signalbox.services.gateway.service_middlewares import (
    MiddlewareSteps,
    ServiceMiddlewares,
)
from signalbox.services.ports.gateway import GatewayResponse
from tests.builders import a_service
from tests.fakes.middlewares import middleware_tools


class Options(MiddlewareOptions):
    """Options of a test."""

    mark: str = "a"


class Counting:
    """Passes calls on; counts how many of its kind were made."""

    made = 0

    def __init__(self, _options: Options, _tools: MiddlewareTools) -> None:
        Counting.made += 1

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        return await call_next(call)


def made_for(*services: Service) -> list[MiddlewareSteps]:
    Counting.made = 0
    before = MiddlewareKind(options=Options, create=Counting, place=Place.BEFORE_ACCESS)
    after = MiddlewareKind(options=Options, create=Counting)
    middlewares = ServiceMiddlewares(
        kinds={"before": lambda: before, "after": lambda: after}, tools=middleware_tools()
    )
    return [middlewares(service) for service in services]


def a_service_with(*specs: JsonValue) -> Service:
    return a_service(middlewares=specs)


def test_a_middleware_lives_until_its_list_changes() -> None:
    first, read_again, changed = made_for(
        a_service_with({"use": "after"}),
        a_service_with({"use": "after"}),
        a_service_with({"use": "after", "mark": "b"}),
    )

    assert first is read_again
    assert changed is not first
    assert Counting.made == 2


def test_services_have_middlewares_of_their_own() -> None:
    one, other = made_for(
        a_service_with({"use": "after"}), a_service(name="other", middlewares=({"use": "after"},))
    )

    assert one is not other


def test_middlewares_are_parted_by_the_authentication() -> None:
    (steps,) = made_for(a_service_with({"use": "before"}, {"use": "after"}, {"use": "after"}))

    assert (len(steps.before_access), len(steps.after_access)) == (1, 2)


@pytest.mark.parametrize("spec", [{"use": "gone"}, {"use": "after", "mark": 1}])
def test_a_service_whose_middleware_cannot_be_made_is_unavailable(spec: JsonValue) -> None:
    with pytest.raises(MiddlewareMisconfigured) as caught:
        made_for(a_service_with(spec))

    assert "mark" not in caught.value.reason
