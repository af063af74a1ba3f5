from dataclasses import replace
from typing import cast

import pytest
from pydantic import JsonValue, ValidationError

from signalbox.middlewares.validate import MIDDLEWARE, Options
from signalbox.models.base import JsonObject
from signalbox.models.errors import NotFound, PayloadTooLarge
from signalbox.models.gateway_errors import RequestInvalid
from signalbox.services.gateway.middleware import GatewayCall
from signalbox.services.ports.gateway import Body
from tests.builders import a_service
from tests.contract.middlewares import MiddlewareContract
from tests.fakes.body_stream import FakeBody
from tests.fakes.middlewares import FakeUpstream, a_gateway_call, make_middleware, through

JSON = ("content-type", "application/json; charset=utf-8")
ORDER: JsonObject = {
    "type": "object",
    "required": ["id", "items"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
        "note": {"type": "string", "nullable": True},
    },
}
ITEM: JsonObject = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$"},
        "price": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
    },
}


def a_document(**changes: JsonValue) -> JsonObject:
    return {
        "openapi": "3.0.3",
        "info": {"title": "orders", "version": "1"},
        "components": {
            "schemas": {"Order": ORDER, "Item": ITEM, "Id": {"type": "integer", "minimum": 1}},
            "parameters": {
                "limit": {
                    "in": "query",
                    "name": "limit",
                    "schema": {"type": "integer", "maximum": 100},
                }
            },
        },
        "paths": {
            "/orders": {
                "get": {
                    "parameters": [
                        {"$ref": "#/components/parameters/limit"},
                        {
                            "in": "query",
                            "name": "tag",
                            "schema": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
                        },
                        {
                            "in": "query",
                            "name": "ids",
                            "explode": False,
                            "schema": {"type": "array", "items": {"type": "integer"}},
                        },
                        {"in": "query", "name": "open", "schema": {"type": "boolean"}},
                        {
                            "in": "header",
                            "name": "X-Tenant",
                            "required": True,
                            "schema": {"type": "string", "enum": ["acme", "other"]},
                        },
                    ]
                },
                "post": {
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
                            "text/*": {},
                        },
                    }
                },
            },
            "/orders/mine": {"get": {}},
            "/orders/{id}": {
                "parameters": [
                    {"in": "path", "name": "id", "schema": {"$ref": "#/components/schemas/Id"}}
                ],
                "get": {},
                "patch": {"requestBody": {"content": {"application/*": {}}}},
            },
        },
        **changes,
    }


class TestValidate(MiddlewareContract):
    kind = MIDDLEWARE
    reads_requests = True
    max_calls = 150

    @property
    def options(self) -> dict[str, JsonValue]:
        return {"document": a_document(), "base_path": "/api"}

    def passing(self, body: Body = b"") -> GatewayCall:
        return a_gateway_call(
            "PATCH", JSON, path="/api/orders/orders/7", body=body, service=SERVICE
        )


SERVICE = a_service()


def ask(
    method: str,
    path: str,
    *fields: tuple[str, str],
    query: str = "",
    body: Body = b"",
    **options: JsonValue,
) -> FakeUpstream:
    upstream = FakeUpstream()
    settings: JsonObject = {"document": a_document(), **options}
    call = a_gateway_call(method, *fields, path="/api/orders", query=query, body=body)
    call = replace(call, destination=replace(call.destination, path=path))
    through(make_middleware(MIDDLEWARE, **settings), call, upstream)
    return upstream


def refusal(
    method: str, path: str, *fields: tuple[str, str], query: str = "", body: Body = b""
) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(RequestInvalid) as caught:
        ask(method, path, *fields, query=query, body=body)
    error = caught.value
    return error.status, [(fault.pointer, fault.code) for fault in error.faults]


TENANT = ("x-tenant", "acme")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "limit=100",
        "limit=%31%30",
        "tag=a&tag=b",
        "ids=1,2,3",
        "open=true",
        "unknown=1",
        "limit=-5",
    ],
)
def test_a_request_as_the_document_describes_it_reaches_the_service(query: str) -> None:
    assert len(ask("GET", "/orders", TENANT, query=query).calls) == 1


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("limit=101", [("/query/limit", "maximum")]),
        ("limit=a", [("/query/limit", "type")]),
        ("limit=1.5", [("/query/limit", "type")]),
        ("limit=", [("/query/limit", "type")]),
        ("limit=1&limit=999", [("/query/limit", "repeated")]),
        ("limit=1&%6cimit=999", [("/query/limit", "repeated")]),
        ("limit=²", [("/query/limit", "type")]),
        ("tag=a&tag=b&tag=c", [("/query/tag", "maxItems")]),
        ("ids=1,x", [("/query/ids", "type")]),
        ("open=1", [("/query/open", "type")]),
        ("open=True&limit=x", [("/query/limit", "type"), ("/query/open", "type")]),
        ("&".join(f"a{n}=1" for n in range(1_200)), [("/query", "too_many")]),
    ],
)
def test_a_parameter_that_is_not_valid_is_named(query: str, faults: list[tuple[str, str]]) -> None:
    assert refusal("GET", "/orders", TENANT, query=query) == (400, faults)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ((), "required"),
        ((("X-Tenant", "evil"),), "enum"),
        ((TENANT, TENANT), "repeated"),
    ],
)
def test_a_header_is_a_parameter(fields: tuple[tuple[str, str], ...], code: str) -> None:
    assert refusal("GET", "/orders", *fields) == (400, [("/header/x-tenant", code)])


@pytest.mark.parametrize(
    ("path", "is_valid"),
    [
        ("/orders/7", True),
        ("/orders/%37", True),
        ("/orders/0", False),
        ("/orders/x", False),
        ("/orders/1%2F2", False),
        ("/orders/mine", True),
        ("/orders/%6dine", True),
    ],
)
def test_a_part_of_the_path_is_a_parameter_unless_a_path_names_it(
    path: str, *, is_valid: bool
) -> None:
    if is_valid:
        assert len(ask("GET", path).calls) == 1
        assert len(ask("HEAD", path).calls) == 1
    else:
        assert refusal("GET", path)[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/orders"),
        ("GET", "/elsewhere"),
        ("GET", "/orders/"),
        ("GET", "/orders/1/2"),
        ("PARAMETERS", "/orders/1"),
        ("GET", "/"),
    ],
)
def test_what_the_document_does_not_have_is_not_found_or_passes(method: str, path: str) -> None:
    with pytest.raises(NotFound):
        ask(method, path)

    assert len(ask(method, path, undeclared="forward").calls) == 1


def test_paths_are_below_the_base_path() -> None:
    assert len(ask("GET", "/api/orders/7", base_path="/api").calls) == 1
    for path in ("/orders/7", "/apis/orders/7", "/api"):
        with pytest.raises(NotFound):
            ask("GET", path, base_path="/api")


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": []}',
        b'{"items": [{"name": "a", "price": 0.1, "parts": [{"name": "b"}]}], "note": null}',
    ],
)
def test_a_body_that_keeps_to_its_schema_is_passed_on_unchanged(body: bytes) -> None:
    assert ask("POST", "/orders", JSON, body=body).calls[0].request.body == body
    assert ask("POST", "/orders", JSON, body=FakeBody(body)).calls[0].request.body == body


@pytest.mark.parametrize(
    ("body", "status", "pointer", "code"),
    [
        (b"", 400, "/body", "required"),
        (b"{", 400, "/body", "json"),
        (b"\xff", 400, "/body", "json"),
        (b'{"items": NaN}', 400, "/body", "json"),
        (b'{"items": [], "items": 1}', 400, "/body", "json"),
        (b"[" * 100_000, 400, "/body", "json"),
        (b"{}", 422, "/body", "required"),
        (b"[]", 422, "/body", "type"),
        (b'{"items": [{"name": "A"}]}', 422, "/body/items/0/name", "pattern"),
        (b'{"items": [{"name": "a", "price": 0}]}', 422, "/body/items/0/price", "exclusiveMinimum"),
        (b'{"items": [{"name": "a", "parts": [{}]}]}', 422, "/body/items/0/parts/0", "required"),
    ],
)
def test_a_body_that_does_not_is_refused_with_a_pointer(
    body: bytes, status: int, pointer: str, code: str
) -> None:
    assert refusal("POST", "/orders", JSON, body=body) == (status, [(pointer, code)])


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (("content-type", "application/xml"),),
        (("content-type", "application/json"), ("content-type", "text/plain")),
        (JSON, ("content-encoding", "gzip")),
    ],
)
def test_a_body_of_another_media_type_is_refused(fields: tuple[tuple[str, str], ...]) -> None:
    assert refusal("POST", "/orders", *fields, body=b"{}")[0] == 415


def test_a_media_type_without_a_schema_takes_any_content() -> None:
    assert len(ask("POST", "/orders", ("content-type", "text/csv"), body=b"\xff").calls) == 1


def test_a_body_over_the_limit_of_the_service_is_refused() -> None:
    stream = FakeBody(b"x" * 1_000_001)

    with pytest.raises(PayloadTooLarge):
        ask("POST", "/orders", JSON, body=stream)


def faults_of(document: JsonObject) -> list[str]:
    return [reason for _, reason in MIDDLEWARE.check(Options(document=document), SERVICE)]


def test_a_document_that_can_be_used_has_no_faults() -> None:
    assert faults_of(a_document()) == []
    assert faults_of(a_document(openapi="3.1.0")) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"openapi": "2.0"}, "neither 3.0 nor 3.1"),
        ({"openapi": 3}, "neither 3.0 nor 3.1"),
        ({"paths": {}}, "paths is empty"),
        ({"paths": 1}, "paths: is no object"),
        ({"paths": {"orders": {}}}, "does not begin with a slash"),
        ({"paths": {"/{a}{b}": {}}}, "several parameters"),
        ({"paths": {"/a": {"get": 1}}}, "paths./a.get: is no object"),
        ({"paths": {"/a": {"get": {"parameters": {}}}}}, "is no list"),
    ],
)
def test_a_document_that_is_none_is_refused(changes: JsonObject, reason: str) -> None:
    (found,) = faults_of(a_document(**changes))

    assert reason in found


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        ({"$ref": "#/components/parameters/gone"}, "which is not there"),
        ({"$ref": "https://evil.test/p.json"}, "which is not there"),
        ({"in": "query"}, "no name or no place"),
        ({"in": "query", "name": "a"}, "the usual style"),
        ({"in": "query", "name": "a", "style": "deepObject", "schema": {}}, "the usual style"),
        ({"in": "query", "name": "a", "schema": {"type": "object"}}, "an object cannot be checked"),
        ({"in": "query", "name": "a", "schema": {"type": "text"}}, "text"),
        ({"in": "query", "name": "a", "schema": {"pattern": "(?=a)"}}, "RE2"),
        (
            {"in": "query", "name": "a", "schema": {"$ref": "#/components/schemas/Gone"}},
            "does not have",
        ),
        (
            {"in": "query", "name": "a", "schema": {"$ref": "https://evil.test"}},
            "nothing is fetched",
        ),
    ],
)
def test_what_cannot_be_checked_is_refused_when_the_service_is_written(
    parameter: JsonValue, reason: str
) -> None:
    paths: JsonObject = {"/a": {"get": {"parameters": [parameter]}}}

    (found,) = faults_of(a_document(paths=paths))

    assert reason in found
    assert found.startswith("paths./a.get.parameters[0]")


def test_a_cookie_is_not_checked() -> None:
    parameter: JsonValue = {"in": "cookie", "name": "a", "schema": {"type": "object"}}

    assert faults_of(a_document(paths={"/a": {"get": {"parameters": [parameter]}}})) == []


LISTED: JsonObject = {"type": "array", "items": {"$ref": "#/components/schemas/Id"}, "maxItems": 2}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/components/schemas/Ids"},
        {"$ref": "#/components/schemas/Alias"},
        {"$ref": "#/components/schemas/Query/properties/ids"},
    ],
)
def test_a_list_of_a_query_may_be_described_by_reference(schema: JsonObject) -> None:
    schemas: JsonObject = {
        "Id": {"type": "integer"},
        "Ids": LISTED,
        "Alias": {"$ref": "#/components/schemas/Ids"},
        "Query": {"type": "object", "properties": {"ids": LISTED}},
    }
    parameter: JsonObject = {"in": "query", "name": "ids", "schema": schema}
    document = a_document(
        components={"schemas": schemas}, paths={"/a": {"get": {"parameters": [parameter]}}}
    )

    assert len(ask("GET", "/a", query="ids=1&ids=2", document=document).calls) == 1
    with pytest.raises(RequestInvalid) as caught:
        ask("GET", "/a", query="ids=1&ids=x", document=document)
    assert [fault.code for fault in caught.value.faults] == ["type"]


INTEGER: JsonObject = {"type": "integer", "maximum": 9}
NULL: JsonObject = {"type": "null"}


def parameter_faults(schema: JsonValue, query: str) -> list[str]:
    schemas: JsonObject = {
        "Id": {"type": "integer"},
        "Page": {"anyOf": [{"$ref": "#/components/schemas/Id"}, NULL]},
        "Tree": {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "boolean"}]},
        "Query": {"properties": {"a/b": {"type": "integer"}, "c~d": {"type": "integer"}}},
    }
    parameter: JsonObject = {"in": "query", "name": "a", "schema": schema}
    document = a_document(
        openapi="3.1.0",
        components={"schemas": schemas},
        paths={"/a": {"get": {"parameters": [parameter]}}},
    )
    assert faults_of(document) == []
    try:
        ask("GET", "/a", query=query, document=document)
    except RequestInvalid as invalid:
        return [fault.code for fault in invalid.faults]
    return []


@pytest.mark.parametrize(
    ("schema", "query"),
    [
        ({"anyOf": [INTEGER, NULL]}, "a=5"),
        ({"anyOf": [NULL, INTEGER]}, "a=null"),
        ({"oneOf": [{"type": "boolean"}, {"type": "number"}]}, "a=1.5"),
        ({"allOf": [{"$ref": "#/components/schemas/Id"}, {"minimum": 1}]}, "a=5"),
        ({"$ref": "#/components/schemas/Page"}, "a=5"),
        ({"allOf": [{"$ref": "#/components/schemas/Page"}], "default": 1}, "a=5"),
        ({"anyOf": [INTEGER, {"enum": ["all"]}]}, "a=all"),
        ({"anyOf": [INTEGER, {"type": "string", "pattern": "^9+$"}]}, "a=99"),
        ({"type": ["string", "integer"], "enum": [1, "all"]}, "a=1"),
        ({"anyOf": [{"type": "array", "items": INTEGER}, NULL]}, "a=1&a=2"),
        ({"type": ["array", "null"], "items": INTEGER}, "a=1"),
        ({"anyOf": [{"type": "array", "items": INTEGER}, {"type": "boolean"}]}, "a=true"),
        ({"type": "array", "items": {"anyOf": [INTEGER, NULL]}}, "a=1&a=null"),
        ({"type": "array", "items": {"anyOf": [INTEGER, {"type": "string"}]}}, "a=1&a=x"),
        ({"anyOf": [{"type": "object"}, {"type": "string"}]}, "a=x"),
        ({"$ref": "#/components/schemas/Query/properties/a~1b"}, "a=5"),
        ({"$ref": "#/components/schemas/Query/properties/c~0d"}, "a=5"),
    ],
)
def test_a_text_is_taken_for_the_first_of_the_combined_types_that_fits(
    schema: JsonValue, query: str
) -> None:
    assert parameter_faults(schema, query) == []


@pytest.mark.parametrize(
    ("schema", "query", "code"),
    [
        ({"anyOf": [INTEGER, NULL]}, "a=x", "anyOf"),
        ({"anyOf": [INTEGER, NULL]}, "a=10", "anyOf"),
        ({"anyOf": [INTEGER, NULL]}, "a=1&a=2", "repeated"),
        ({"allOf": [INTEGER, {"minimum": 1}]}, "a=10", "maximum"),
        ({"allOf": [INTEGER, {"minimum": 1}]}, "a=0", "minimum"),
        ({"type": "array", "items": {"anyOf": [INTEGER, NULL]}}, "a=1&a=x", "anyOf"),
    ],
)
def test_a_text_that_fits_none_of_the_combined_types_is_refused(
    schema: JsonValue, query: str, code: str
) -> None:
    assert parameter_faults(schema, query) == [code]


@pytest.mark.parametrize(
    "name", ["default", "enum", "const", "example", "examples", "nullable", "$ref", "minimum"]
)
def test_a_property_may_have_the_name_of_a_keyword(name: str) -> None:
    price: JsonObject = {"$ref": "#/components/schemas/Price"}
    order: JsonObject = {"type": "object", "required": [name], "properties": {name: price}}
    # what is data stays as it is, whatever it looks like
    whole: JsonObject = {**order, "example": {"$ref": "#/components/schemas/Gone"}}
    content: JsonValue = {"application/json": {"schema": {"$ref": "#/components/schemas/Whole"}}}
    document = a_document(
        components={"schemas": {"Whole": whole, "Price": {"type": "integer"}}},
        paths={"/a": {"post": {"requestBody": {"content": content}}}},
    )

    def send(value: str) -> FakeUpstream:
        body = f'{{"{name}": {value}}}'.encode()
        return ask("POST", "/a", JSON, body=body, document=document)

    assert len(send("1").calls) == 1
    with pytest.raises(RequestInvalid) as caught:
        send('"a"')
    assert [fault.pointer for fault in caught.value.faults] == [f"/body/{name}"]


def test_a_document_has_a_limited_size() -> None:
    with pytest.raises(ValidationError, match="100,000 bytes"):
        make_middleware(MIDDLEWARE, document=a_document(x="a" * 100_000))


def test_a_check_that_would_take_too_long_is_refused() -> None:
    document = a_document()
    schemas = cast("dict[str, JsonObject]", cast("JsonObject", document["components"])["schemas"])
    schemas["Order"] = {"type": "array", "uniqueItems": True, "items": {"type": "object"}}
    body = b"[" + b",".join(b'{"a": %d}' % number for number in range(2_000)) + b"]"

    with pytest.raises(RequestInvalid) as caught:
        ask("POST", "/orders", JSON, body=body, document=document)

    assert [fault.code for fault in caught.value.faults] == ["too_complex"]
