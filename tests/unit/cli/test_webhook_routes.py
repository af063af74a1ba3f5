"""Which function receives a webhook: routes with parameters stand back behind those without."""

from functools import cache

import pytest
from ministack.services import apigateway

from cli.local.processed_template import GatewayRoute, ProcessedTemplate
from signalbox.runtime.registry import providers
from tests.integration.template import translated

WEBHOOKS = "/api/v1/webhooks"


@cache
def routes() -> tuple[GatewayRoute, ...]:
    (api,) = ProcessedTemplate.read(translated()).apis
    return api.routes


def function_of(method: str, path: str) -> str:
    """The function that the local gateway, which follows API Gateway's order, calls."""
    fitting: list[tuple[tuple[int, int, int], str]] = []
    for route in routes():
        own_method, own_path = route.key.split(" ", 1)
        if own_method in {"ANY", method} and apigateway._path_matches(own_path, path):
            fitting.append((apigateway._route_specificity(own_method, own_path), route.function))
    return max(fitting)[1]


@pytest.mark.parametrize("provider", sorted(providers()))
@pytest.mark.parametrize("source", ["", "/default", "/github"])
def test_a_webhook_reaches_the_function_of_its_provider(provider: str, source: str) -> None:
    function = function_of("POST", f"{WEBHOOKS}/{provider}{source}")

    assert function == f"{provider}WebhookFunction"


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_any_other_name_is_a_source_of_the_generic_provider(method: str) -> None:
    assert function_of(method, f"{WEBHOOKS}/grafana") == "genericWebhookFunction"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{WEBHOOKS}/grafana/team"),
        ("POST", WEBHOOKS),
        ("GET", "/api/v1/tasks"),
        ("POST", "/api/v1/sources/generic"),
    ],
)
def test_everything_else_reaches_the_api(method: str, path: str) -> None:
    assert function_of(method, path) == "ApiFunction"
