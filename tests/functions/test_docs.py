import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from pydantic import JsonValue, TypeAdapter

from signalbox.http.openapi import TAGS
from signalbox.http.openapi_examples import EXAMPLES
from signalbox.http.problem_pages import MEANINGS
from signalbox.http.routing import MethodNotAllowed
from signalbox.models.errors import SendDelayed, SendRefused, SignalboxError
from signalbox.models.gateway_errors import AttemptFailed, ClientLeft
from signalbox.runtime.registry import providers
from tests.functions.system import System, running

Json = dict[str, JsonValue]
FUNCTIONS = Path(__file__).parents[2] / "functions"

_json: TypeAdapter[Json] = TypeAdapter(Json)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """One for all, which only read: to describe the API takes longer than anything else here."""
    with running() as system:
        yield system


def part(value: JsonValue) -> Json:
    return _json.validate_python(value)


def described(system: System) -> Json:
    answer = system.ask("GET", "/openapi.json")
    assert answer.status == 200, answer.text
    return answer.json_body


def operations(document: Json) -> list[tuple[str, str, Json]]:
    return [
        (method, path, part(operation))
        for path, methods in part(document["paths"]).items()
        for method, operation in part(methods).items()
    ]


def codes(kind: type[SignalboxError]) -> set[str]:
    if issubclass(kind, SendRefused | SendDelayed | ClientLeft):  # nobody is answered with these
        return set()
    return {kind.code}.union(*(codes(each) for each in kind.__subclasses__()))


GATEWAY_SCOPED: Final = ("/api/gateway/status", "/api/gateway/services")
GATEWAY_KEYS: Final = "/api/gateway/jwks.json"
"""What the function of the gateway answers of itself."""


def test_the_description_is_valid_openapi(system: System) -> None:
    document = described(system)

    validate(document, cls=OpenAPIV31SpecValidator)

    assert str(document["openapi"]).startswith("3.1")


def test_every_route_is_described_and_nothing_else(system: System) -> None:
    found = {(method.upper(), path) for method, path, _ in operations(described(system))}

    routes = {
        (route.method, route.path.replace("<", "{").replace(">", "}"))
        for route in system.api.routes.all
    }
    webhooks = {
        ("POST", f"/api/v1/webhooks/{provider}{source}")
        for provider in providers()
        for source in ("", "/{source}")
    }
    of_gateway = {("GET", path) for path in (*GATEWAY_SCOPED, GATEWAY_KEYS)}
    assert found == routes | webhooks | of_gateway | {("POST", "/api/v1/webhooks/{source}")}


def test_the_providers_are_those_that_have_a_function() -> None:
    assert sorted(providers()) == sorted(
        path.parent.name for path in FUNCTIONS.glob("webhooks/*/app.py")
    )


def test_every_operation_has_a_short_name_of_its_own(system: System) -> None:
    names = [str(operation["operationId"]) for *_, operation in operations(described(system))]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names), names


def test_every_operation_says_who_may_call_it(system: System) -> None:
    scoped = {
        route.path.replace("<", "{").replace(">", "}")
        for route in system.api.routes.all
        if route.needs_credentials
    }

    signed = {
        f"/api/v1/webhooks/{name}{source}": name
        for name in providers()
        for source in ("", "/{source}")
    } | {"/api/v1/webhooks/{source}": "generic"}
    for _, path, operation in operations(described(system)):
        expected = path in scoped | signed.keys() | set(GATEWAY_SCOPED)
        assert bool(operation["security"]) == expected, path
        if path in signed:
            assert operation["security"] == [{f"Signature-{signed[path]}": []}]


def test_every_operation_says_that_it_refuses_what_it_does_not_take(system: System) -> None:
    for _, path, operation in operations(described(system)):
        if not path.startswith(("/api/v1/webhooks/", "/api/gateway/")):
            answers = part(operation["responses"])
            assert {"400", "422"} <= answers.keys(), path
            assert ("415" in answers) == ("requestBody" in operation), path


def test_every_tag_is_explained(system: System) -> None:
    used = {
        str(tag)
        for *_, op in operations(described(system))
        for tag in cast("list[str]", op["tags"])
    }

    assert used <= TAGS.keys()


def test_every_body_has_an_example_and_every_example_a_body(system: System) -> None:
    document = described(system)
    schemas = part(part(document["components"])["schemas"])

    bodies = set()
    for *_, operation in operations(document):
        content = part(part(operation.get("requestBody", {})).get("content", {}))
        schema = part(part(content.get("application/json", {})).get("schema", {}))
        if "$ref" in schema:
            bodies.add(str(schema["$ref"]).rpartition("/")[2])

    assert bodies == EXAMPLES.keys()
    assert all("examples" in part(schemas[name]) for name in bodies)


def test_the_page_asks_nothing_of_anybody_else(system: System) -> None:
    page = system.ask("GET", "/docs")

    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    policy = page.headers["content-security-policy"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<style" not in page.text
    assert "<script>" not in page.text
    assert "script-src 'self'" in policy
    assert "unsafe-eval" not in policy
    for each in parts:
        answer = system.ask("GET", f"/{each}")
        assert answer.status == 200, each
        assert answer.headers["cache-control"].startswith("public")


def test_every_problem_has_a_page(system: System) -> None:
    assert issubclass(AttemptFailed, SignalboxError)  # those of the gateway are loaded
    known = codes(SignalboxError) | {MethodNotAllowed.code, "validation_failed"}

    for code in known:
        page = system.ask("GET", f"/problems/{code.replace('_', '-')}")
        assert page.status == 200, code
        assert code in page.text
    assert known == MEANINGS.keys()


@pytest.mark.parametrize("slug", ["nothing", "not_found", "%3Cscript%3E"])
def test_no_other_problem_has_one(system: System, slug: str) -> None:
    assert system.ask("GET", f"/problems/{slug}").status == 404


def test_the_type_of_a_problem_is_its_page(system: System) -> None:
    problem = system.ask("GET", "/nowhere")

    assert system.ask("GET", problem.word("type")).status == 200


def test_a_webhook_that_is_not_posted_is_told_how(system: System) -> None:
    answer = system.ask("GET", "/api/v1/webhooks/github")

    assert (answer.status, answer.headers["allow"]) == (405, "POST")
