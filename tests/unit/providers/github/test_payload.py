from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from signalbox.ingress.payload import require
from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.github.payload import Payload, action_of, decoded
from signalbox.providers.github.payload import read as payload_of
from tests.samples import request_of

_FORM = "application/x-www-form-urlencoded"


def json_request(body: bytes, media_type: str = "application/json") -> InboundRequest:
    return request_of("github", {"Content-Type": media_type}, body)


def read(request: InboundRequest) -> Payload:
    return payload_of(decoded(request))


def refusal(request: InboundRequest) -> str:
    with pytest.raises(PayloadInvalid) as refused:
        read(request)
    return refused.value.reason


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", ""])
def test_a_json_body_is_read(media_type: str) -> None:
    payload = read(json_request(b'{"action":"created"}', media_type))

    assert payload.action == "created"


@pytest.mark.parametrize("media_type", [_FORM, f"{_FORM}; charset=utf-8", _FORM.upper()])
def test_a_form_is_read_by_its_payload(media_type: str) -> None:
    body = urlencode({"payload": '{"comment":{"id":1,"body":"Größe & 猫 + =\\r\\n"}}'}).encode()

    payload = read(json_request(body, media_type))

    assert require(payload.comment, "comment").body == "Größe & 猫 + =\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload",
        b"payload=",
        b"other=1",
        b"payload={}&payload={}",
        b"payload=%7B",
        b"payload=%ff",
        b"payload=%ED%A0%80",
        b"payload=\xff",
        b"&".join([b"a=1"] * 1_000),
        b"{}",
    ],
)
def test_an_odd_form_is_refused(body: bytes) -> None:
    assert refusal(json_request(body, _FORM))


def test_what_is_not_named_is_ignored_and_what_is_named_may_be_missing_or_null() -> None:
    nothing = read(json_request(b'{"unheard_of":[{"a":1}],"node":1e999}'))
    nulls = read(json_request(b'{"action":null,"sender":null,"issue":null,"changes":null}'))

    assert nothing == nulls == Payload()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"comment":{"body":"x"}}', "comment.id: Field required"),
        (b'{"comment":{"id":null}}', "comment.id: Input should be a valid integer"),
        (b'{"comment":{"id":-1}}', "comment.id: Input should be greater than or equal to 0"),
        (b'{"comment":[]}', "comment: Input should be a valid dictionary"),
        (b'{"issue":{"id":1,"title":5}}', "issue.title: Input should be a valid string"),
        (b'{"issue":{"id":1,"labels":[7]}}', "issue.labels.0: Input should be a valid dictionary"),
        (b'{"action":"Robert\'); DROP"}', "action: String should match pattern"),
        (b'{"repository":{"pushed_at":"soon"}}', "repository.pushed_at: Input should be a valid"),
        (b"[]", "the body: Input should be a valid dictionary"),
        (b"{", "the body cannot be read: EOF while parsing"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(body: bytes, reason: str) -> None:
    assert refusal(json_request(body)).startswith(reason)


def test_the_action_is_read_whatever_else_is_wrong() -> None:
    document = decoded(json_request(b'{"action":"closed","comment":[],"label":"x"}'))

    assert action_of(document) == "closed"


def test_the_reason_quotes_nothing_of_the_body() -> None:
    reason = refusal(json_request(b'{"comment":{"id":"the very secret words"}}'))

    assert "secret" not in reason


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ('"2024-05-02T08:00:05Z"', datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC)),
        ('"2024-05-02T10:00:05+02:00"', datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC)),
        ('"2024-05-02T08:00:05"', datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC)),
        ("1714636805", datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc(written: str, moment: datetime) -> None:
    payload = read(json_request(b'{"repository":{"pushed_at":%s}}' % written.encode()))

    found = require(payload.repository, "repository").pushed_at
    assert found == moment
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "written", ['"9999-12-31T23:59:59-23:00"', '"0001-01-01T00:00:00+23:00"', "1e999", "1e300"]
)
def test_a_moment_outside_of_time_is_refused(written: str) -> None:
    assert refusal(json_request(b'{"repository":{"pushed_at":%s}}' % written.encode()))


def test_a_part_that_is_needed_and_missing_is_named() -> None:
    with pytest.raises(PayloadInvalid, match="comment is missing"):
        require(Payload().comment, "comment")
