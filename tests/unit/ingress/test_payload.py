from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, JsonValue

from signalbox.ingress.payload import (
    Informative,
    IntegerId,
    PayloadPart,
    PayloadTime,
    decode_form,
    decode_json,
    document_bytes,
    is_form,
    require,
    validate,
)
from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest
from tests.samples import request_of

FORM = "application/x-www-form-urlencoded"


class Sender(BaseModel):
    id: int


class Event(BaseModel):
    sender: Sender | None = None


def a_request(body: bytes, media_type: str = "application/json") -> InboundRequest:
    return request_of("acme", {"Content-Type": media_type}, body)


def test_the_json_of_the_body_is_returned() -> None:
    assert decode_json(a_request(b'{"a":[1,null]}')) == {"a": [1, None]}


def test_the_json_in_a_field_of_a_form_is_returned() -> None:
    request = a_request(b"token=x&event=%7B%22a%22:1%7D", FORM)

    assert decode_json(request, form_field="event") == {"a": 1}


def test_a_form_is_no_json_where_the_provider_sends_no_forms() -> None:
    with pytest.raises(PayloadInvalid, match="the body cannot be read"):
        decode_json(a_request(b"event=%7B%7D", FORM))


def test_the_value_of_a_form_is_decoded_to_the_bytes_that_were_encoded() -> None:
    request = a_request(b"event=%7B%22a%22:%22+%2B%E7%8C%AB%22%7D", FORM)

    assert document_bytes(request, "event") == '{"a":" +猫"}'.encode()
    assert document_bytes(request) == request.body


@pytest.mark.parametrize(
    "body", [b"token=x", b"event={}&event={}", b"event=&event={}", b"event=", b"event=%ff"]
)
def test_a_form_without_one_field_of_json_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        decode_json(a_request(body, FORM), form_field="event")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b"Infinity"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid, match="the body cannot be read"):
        decode_json(a_request(body))


def test_a_document_is_returned_as_a_model() -> None:
    assert validate(Event, {"sender": {"id": 7}, "more": 1}) == Event(sender=Sender(id=7))


def test_the_first_field_that_is_wrong_is_named_without_its_value() -> None:
    with pytest.raises(PayloadInvalid) as refused:
        validate(Event, {"sender": {"id": "a secret"}})

    assert refused.value.reason.startswith("sender.id: ")
    assert "a secret" not in refused.value.reason


def test_a_part_that_is_there_is_returned_and_one_that_is_missing_is_named() -> None:
    assert require(0, "zero") == 0
    with pytest.raises(PayloadInvalid, match="sender is missing"):
        require(Event().sender, "sender")


class Written(PayloadPart):
    id: IntegerId
    at: PayloadTime | None = None


@pytest.mark.parametrize(
    "at",
    ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00", "2026-03-01T13:00:00+01:00", 1_772_366_400],
)
def test_a_time_is_in_utc_however_it_is_written(at: JsonValue) -> None:
    assert validate(Written, {"id": 1, "at": at}).at == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("at", ["yesterday", "0001-01-01T00:00:00+14:00", [], 1e400])
def test_what_is_no_time_is_refused(at: JsonValue) -> None:
    with pytest.raises(PayloadInvalid, match=r"^at: "):
        validate(Written, {"id": 1, "at": at})


class Topic(PayloadPart):
    title: Informative[str] = None
    by: Informative[Sender] = None
    names: Informative[tuple[str, ...]] = None


@pytest.mark.parametrize("odd", [None, 7, {}, ["a", 7], {"id": "x"}])
def test_an_informative_field_of_another_type_is_left_out(odd: JsonValue) -> None:
    assert validate(Topic, {"title": odd, "by": odd, "names": odd}) == Topic()


def test_an_informative_field_is_read() -> None:
    topic = validate(Topic, {"title": "a", "by": {"id": 7}, "names": ["b"]})

    assert topic == Topic(title="a", by=Sender(id=7), names=("b",))


@pytest.mark.parametrize("number", [-1, 2**63, "x", None, 1.5])
def test_what_is_no_id_is_refused(number: JsonValue) -> None:
    with pytest.raises(PayloadInvalid, match=r"^id: "):
        validate(Written, {"id": number})


class Informed(PayloadPart):
    title: Informative[str] = None
    at: Informative[PayloadTime] = None


@pytest.mark.parametrize("value", [None, [], {"a": 1}, True, 10**400])
def test_a_part_that_only_informs_may_be_of_any_type(value: JsonValue) -> None:
    assert validate(Informed, {"title": value, "at": value}) == Informed()


def test_a_part_that_only_informs_is_read_where_it_is_right() -> None:
    found = validate(Informed, {"title": "A title", "at": "2026-03-01T12:00:00Z"})

    assert found == Informed(title="A title", at=datetime(2026, 3, 1, 12, tzinfo=UTC))


def test_the_fields_of_a_form_are_those_with_one_value() -> None:
    request = a_request(b"a=1+2%26&b=&c=1&c=2&d", FORM)

    assert is_form(request)
    assert decode_form(request) == {"a": "1 2&"}


@pytest.mark.parametrize("body", [b"a=%ff", b"a=\xff", b"&".join([b"a=1"] * 65)])
def test_a_form_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid, match="the body cannot be read"):
        decode_form(a_request(body, FORM))
