import pytest
from pydantic import JsonValue, ValidationError

from signalbox.models.errors import ConfigInvalid
from signalbox.models.service import Service
from signalbox.runtime.registry import middlewares
from signalbox.services.config.configure import Configure
from signalbox.services.config.middleware_rules import middleware_violations
from tests.builders import a_service
from tests.fakes.config import FakeConfigStore

CORS: JsonValue = {"use": "cors", "allow_origins": ["https://app.example.com"]}
IPS: JsonValue = {"use": "ip_filter", "allow": ["192.0.2.0/24"]}
RULES: JsonValue = {"use": "headers", "response": {"remove": ["x-b"]}}


def a_service_with(*specs: JsonValue) -> Service:
    return a_service(middlewares=specs)


def faults(*specs: JsonValue) -> list[tuple[str, str]]:
    found = middleware_violations(a_service_with(*specs), middlewares())
    return [(violation.path, violation.reason) for violation in found]


def test_middlewares_in_a_possible_order_are_right() -> None:
    assert faults(IPS, CORS, RULES, RULES) == []


def test_an_unknown_middleware_is_named_with_those_there_are() -> None:
    ((path, reason),) = faults({"use": "corse"})

    assert path == "middlewares[0].use"
    assert 'there is no middleware corse; did you mean "cors"?' in reason


@pytest.mark.parametrize(
    ("spec", "path", "reason"),
    [
        ({"use": "cors"}, "middlewares[0].allow_origins", "is required"),
        (
            {"use": "cors", "allow_origins": ["https://a.example"], "origins": 1},
            "middlewares[0].origins",
            'unknown key "origins"',
        ),
        (
            {"use": "cors", "allow_origins": ["*"], "allow_credentials": True},
            "middlewares[0]",
            "allow_origins cannot be * with allow_credentials",
        ),
        (
            {"use": "headers", "request": {"set": {"Via": "1"}}},
            "middlewares[0].request.set.Via.[key]",
            "Via is a header of the connection",
        ),
    ],
)
def test_an_option_that_is_wrong_is_named_with_its_place(
    spec: JsonValue, path: str, reason: str
) -> None:
    ((found, text),) = faults(spec)

    assert found == path
    assert reason in text


@pytest.mark.parametrize(
    ("specs", "path", "reason"),
    [
        ((RULES, CORS), "middlewares[1]", "cors comes before the authentication"),
        ((RULES, IPS), "middlewares[1]", "move it before headers"),
        ((CORS, CORS), "middlewares[1]", "cors stands there twice"),
    ],
)
def test_an_order_that_is_impossible_is_refused(
    specs: tuple[JsonValue, ...], path: str, reason: str
) -> None:
    ((found, text),) = faults(*specs)

    assert found == path
    assert reason in text


def test_the_api_refuses_a_service_with_a_wrong_middleware() -> None:
    configure = Configure(
        config=FakeConfigStore(),
        remove_secret=lambda _: None,
        connectors={},
        providers={},
        middlewares=middlewares(),
    )

    with pytest.raises(ConfigInvalid, match=r"middlewares\[0\]\.allow_origins"):
        configure.put(a_service_with({"use": "cors"}), lambda _: None)
    assert configure.put(a_service_with(CORS), lambda _: None)


def test_the_name_of_a_middleware_is_that_of_a_module() -> None:
    for name in ("../cors", "Cors", "", "a.b"):
        with pytest.raises(ValidationError):
            a_service_with({"use": name})


def test_a_service_is_stored_with_the_options_of_its_middlewares() -> None:
    service = a_service_with(CORS, RULES)

    assert Service.model_validate_json(service.model_dump_json()) == service
