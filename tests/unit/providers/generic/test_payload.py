from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.generic.payload import RequestDocument, document_of
from tests.samples import request_of

FORM = "application/x-www-form-urlencoded"


def body_of(body: bytes, media_type: str = "application/json", field: str | None = None) -> object:
    request = request_of("generic", {"Content-Type": media_type}, body)
    content = document_of(request, (), field).content
    assert isinstance(content, dict)
    return content["body"]


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        ("application/json", b'{"a":1}', {"a": 1}),
        ("application/cloudevents+json; charset=utf-8", b"[]", []),
        ("text/plain; charset=UTF-8", b'{"Type":"Notification"}', {"Type": "Notification"}),
        ("text/plain", b"Build failed", "Build failed"),
        ("", "Größe".encode(), "Größe"),
        ("application/xml", b"<a/>", "<a/>"),
        (FORM, b"a=1&b=x+y&b=&c=%7B", {"a": "1", "b": ["x y", ""], "c": "{"}),
        (FORM, b"", {}),
    ],
)
def test_a_body_is_json_a_form_or_a_text(media_type: str, body: bytes, expected: object) -> None:
    assert body_of(body, media_type) == expected


def test_a_form_may_have_the_document_in_a_field() -> None:
    assert body_of(b"payload=%7B%22a%22:1%7D", FORM, "payload") == {"a": 1}


@pytest.mark.parametrize(
    ("media_type", "body", "field"),
    [
        ("application/json", b"Build failed", None),
        ("application/vnd.acme.v2+json", b"{", None),
        ("text/plain", b"\xff\xfe", None),
        (FORM, b"a=%ff", None),
        (FORM, b"\xff", None),
        (FORM, b"&".join([b"a=1"] * 100), None),
        (FORM, b"a=1", "payload"),
        ("text/plain", b"Build failed", "payload"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(
    media_type: str, body: bytes, field: str | None
) -> None:
    with pytest.raises(PayloadInvalid):
        body_of(body, media_type, field)


def test_only_the_headers_that_are_stored_are_in_the_document() -> None:
    headers = {"Authorization": "Bearer abc", "X-Event": "x" * 300, "X-Other": "1"}

    document = document_of(request_of("generic", headers, b"{}"), {"x-event", "x-none"}, None)

    assert document.content == {"headers": {"x-event": "x" * 256}, "body": {}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (7, "7"),
        (1.5, "1.5"),
        (True, None),
        (None, None),
        ([], None),
        ({"a": 1}, None),
    ],
)
def test_a_text_is_a_text_or_a_number(value: JsonValue, text: str | None) -> None:
    assert RequestDocument({"v": value}).text("v") == text


def test_without_an_expression_there_is_nothing() -> None:
    document = RequestDocument({"v": 1})

    assert (document.value(None), document.text(None), document.time(None)) == (None, None, None)
    assert document.texts(None) == (None,)


@pytest.mark.parametrize(
    ("value", "texts"),
    [("a", ("a",)), (["a", 7, None, {}], ("a", "7", None, None)), (None, (None,)), ([], ())],
)
def test_texts_are_a_list_or_one(value: JsonValue, texts: tuple[str | None, ...]) -> None:
    assert RequestDocument({"v": value}).texts("v") == texts


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-02T08:00:05Z",
        "2024-05-02T10:00:05+02:00",
        1714636805,
        "1714636805000",
        1714636805e3,
    ],
)
def test_a_time_is_read_in_every_usual_form(value: JsonValue) -> None:
    time = RequestDocument({"v": value}).time("v")

    assert time == datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("value", ["soon", "", None, True, [], 1e300, "9" * 400])
def test_what_is_no_time_is_none(value: JsonValue) -> None:
    assert RequestDocument({"v": value}).time("v") is None
