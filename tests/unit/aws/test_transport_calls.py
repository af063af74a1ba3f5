"""Calls in AWS's JSON protocol: what is sent, what comes back, and what is repeated."""

import json
import zlib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, cast

import pytest

from signalbox.aws.errors import AwsError, AwsRefused, AwsUnreachable
from signalbox.aws.transport.credentials import AwsCredentials
from signalbox.aws.transport.endpoints import AwsEndpoint
from signalbox.aws.transport.http_pool import HttpPool
from signalbox.aws.transport.http_response import AwsResponse
from signalbox.aws.transport.json_caller import JsonCaller, JsonService
from signalbox.aws.transport.retries import AwsRetries

NOW: Final = 1_772_366_400.0
"""2026-03-01T12:00:00Z"""

SERVICE = JsonService(
    signing_name="dynamodb",
    prefix="dynamodb",
    variable="DYNAMODB",
    target="DynamoDB_20120810",
    headers={},
)
CONDITION = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}


def ok(content: object = None, **headers: str) -> AwsResponse:
    return AwsResponse(status=200, headers=headers, content=json.dumps(content or {}).encode())


def refusal(code: str, *, status: int = 400, date: str = "") -> AwsResponse:
    content = {"__type": f"com.amazon.coral.service#{code}", "Message": "no"}
    headers = {"date": date} if date else {}
    return AwsResponse(status=status, headers=headers, content=json.dumps(content).encode())


NO_RESPONSE = AwsUnreachable("no response")


class Pool:
    """Gives these responses, one after the other, the last of them again and again."""

    endpoint = AwsEndpoint(tls=True, host="aws.test", port=443, authority="aws.test")

    def __init__(self, responses: Sequence[AwsResponse | AwsError]) -> None:
        self._responses = list(responses)
        self.sent: list[tuple[Mapping[str, str], bytes]] = []

    def post(self, headers: Mapping[str, str], body: bytes) -> AwsResponse:
        self.sent.append((headers, body))
        found = self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]
        if isinstance(found, AwsError):
            raise found
        return found


class Credentials:
    """Has others when these were refused, if there are any."""

    def __init__(self, *, others: bool = True) -> None:
        self._others = others
        self._number = 1

    def __call__(self) -> AwsCredentials:
        return AwsCredentials(access_key=f"AKID{self._number}", secret_key="sesame")

    def invalidate(self, refused: AwsCredentials) -> bool:
        self._number += self._others and refused == self()
        return self._others


class Caller:
    """A caller over a pool that gives these responses."""

    def __init__(
        self,
        *responses: AwsResponse | AwsError,
        credentials: Credentials | None = None,
        environment: Mapping[str, str] | None = None,
        service: JsonService = SERVICE,
    ) -> None:
        self.pool = Pool(responses)
        self.pauses: list[float] = []
        self.call = JsonCaller(
            service,
            region="us-east-1",
            pool=cast("HttpPool", self.pool),
            credentials=credentials or Credentials(),
            retries=AwsRetries(attempts=3),
            environment=environment or {},
            now=lambda: NOW,
            sleep=self.pauses.append,
        )

    def refused(self) -> AwsRefused:
        with pytest.raises(AwsRefused) as refused:
            self.call("PutItem", {})
        return refused.value

    @property
    def dates(self) -> list[str]:
        return [headers["x-amz-date"] for headers, _ in self.pool.sent]


def test_a_call_names_its_operation_and_is_signed() -> None:
    caller = Caller(ok({"Item": {"pk": {"S": "1"}}}))

    response = caller.call("GetItem", {"TableName": "tasks", "Key": {"pk": {"S": "ß"}}})

    (headers, body) = caller.pool.sent[0]
    assert response == {"Item": {"pk": {"S": "1"}}}
    assert json.loads(body) == {"TableName": "tasks", "Key": {"pk": {"S": "ß"}}}
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-target," in headers["authorization"]


def test_the_trace_of_an_invocation_is_passed_on() -> None:
    environment = {"_X_AMZN_TRACE_ID": "Root=1-2"}
    caller = Caller(ok(), environment=environment)

    caller.call("GetItem", {})

    headers, _ = caller.pool.sent[0]
    assert headers["x-amzn-trace-id"] == "Root=1-2"
    assert "x-amzn-trace-id" not in headers["authorization"]


BYTES = {
    "body": {"B": b"\x00\xff"},
    "several": {"BS": [b"a", b"b"]},
    "nested": {"M": {"B": {"L": [{"B": b"deep"}, {"S": "B"}]}}},
    "B": {"S": "an attribute of this name"},
    "tags": {"SS": ["a", "b"]},
    "sizes": {"NS": ["1", "2"]},
    "nothing": {"NULL": True},
}


def test_bytes_are_bytes_on_both_sides() -> None:
    sent = Caller(ok())
    sent.call("PutItem", {"Item": BYTES})
    content = sent.pool.sent[0][1]

    response = Caller(AwsResponse(status=200, headers={}, content=content)).call("GetItem", {})

    assert json.loads(content)["Item"]["body"] == {"B": "AP8="}
    assert response == {"Item": BYTES}


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_kinds_of_bytes_may_be_sent(kind: type) -> None:
    caller = Caller(ok())

    caller.call("PutItem", {"Item": {"body": {"B": kind(b"\x00\xff")}}})

    assert json.loads(caller.pool.sent[0][1]) == {"Item": {"body": {"B": "AP8="}}}


def test_a_lone_surrogate_is_sent_for_aws_to_refuse() -> None:
    caller = Caller(refusal("SerializationException"))

    with pytest.raises(AwsRefused):
        caller.call("PutItem", {"Item": {"title": {"S": "\ud800"}, "body": {"B": b"\xff"}}})

    assert json.loads(caller.pool.sent[0][1]) == {
        "Item": {"title": {"S": "\ud800"}, "body": {"B": "/w=="}}
    }


def test_a_request_stays_as_it_was() -> None:
    request = {"Item": {"body": {"B": b"a"}, "all": {"L": [{"B": b"b"}, {"N": "1"}]}}}
    before = deepcopy(request)

    Caller(ok()).call("PutItem", request)

    assert request == before


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Decimal("1.5"),
        datetime(2026, 3, 1, tzinfo=UTC),
        {b"set"},
        [{"B": {b"set"}}],
        {"B": MappingProxyType({"": b"inside"})},
    ],
    ids=["object", "decimal", "time", "set", "set in a list", "mapping"],
)
def test_what_a_request_cannot_hold_is_an_error_before_anything_is_sent(value: object) -> None:
    caller = Caller(ok())

    with pytest.raises(TypeError, match="a request cannot hold"):
        caller.call("PutItem", {"Item": value})

    assert caller.pool.sent == []


def test_a_response_without_content_is_an_empty_one() -> None:
    assert Caller(AwsResponse(status=200, headers={}, content=b"")).call("DeleteMessage", {}) == {}


def test_a_refusal_has_its_code_its_fields_and_their_bytes() -> None:
    content = CONDITION | {"message": "met", "Item": {"w": {"B": "AP8="}}}
    response = AwsResponse(status=400, headers={}, content=json.dumps(content).encode())
    caller = Caller(response)

    refused = caller.refused()

    assert refused.code == "ConditionalCheckFailedException"
    assert refused.response == {
        "Error": {"Code": "ConditionalCheckFailedException", "Message": "met"},
        "Item": {"w": {"B": b"\x00\xff"}},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    assert "PutItem" in str(refused)
    assert len(caller.pool.sent) == 1


@pytest.mark.parametrize(
    ("headers", "content", "code"),
    [
        ({}, b'{"__type":"Plain"}', "Plain"),
        ({"x-amzn-errortype": "Named:http://internal"}, b"{}", "Named"),
        ({"x-amzn-query-error": "AWS.Old;Sender"}, b'{"__type":"a#New"}', "AWS.Old"),
        ({}, b"<html>no</html>", "418"),
        ({}, b"[]", "418"),
        ({}, b"", "418"),
    ],
)
def test_the_code_of_a_refusal_is_found(
    headers: Mapping[str, str], content: bytes, code: str
) -> None:
    caller = Caller(AwsResponse(status=418, headers=headers, content=content))

    assert caller.refused().code == code


@pytest.mark.parametrize(
    "trouble",
    [
        NO_RESPONSE,
        refusal("InternalServerError", status=500),
        AwsResponse(status=503, headers={}, content=b"<html>"),
        refusal("ThrottlingException"),
        ok({"a": 1}, **{"x-amz-crc32": "1"}),
        AwsResponse(status=200, headers={}, content=b"<html>"),
        AwsResponse(status=200, headers={}, content=b"[]"),
    ],
    ids=["no response", "500", "503", "throttled", "damaged", "no JSON", "no object"],
)
def test_a_call_is_made_three_times_at_most(trouble: AwsResponse | AwsError) -> None:
    recovering = Caller(trouble, trouble, ok({"a": 2}))
    failing = Caller(trouble)

    assert recovering.call("PutItem", {}) == {"a": 2}
    with pytest.raises(AwsError):
        failing.call("PutItem", {})

    assert len(recovering.pool.sent) == len(failing.pool.sent) == 3
    assert len(failing.pauses) == 2
    assert all(pause >= 0 for pause in failing.pauses)


def test_a_call_is_repeated_with_the_same_body() -> None:
    caller = Caller(NO_RESPONSE, ok())

    caller.call("PutItem", {"Item": {"w": {"S": "write"}}})

    first, second = (body for _, body in caller.pool.sent)
    assert first == second


def test_the_sum_of_dynamodb_is_checked() -> None:
    content = b'{"Item":{}}'
    headers = {"x-amz-crc32": str(zlib.crc32(content))}

    response = Caller(AwsResponse(status=200, headers=headers, content=content)).call("GetItem", {})

    assert response == {"Item": {}}


LATER: Final = "Sun, 01 Mar 2026 14:30:00 GMT"
SKEWED = ["InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired"]


@pytest.mark.parametrize("code", SKEWED)
def test_a_clock_that_is_wrong_is_set_by_that_of_the_service(code: str) -> None:
    caller = Caller(refusal(code, date=LATER), ok(), credentials=Credentials(others=False))

    caller.call("PutItem", {})
    caller.call("PutItem", {})

    assert caller.dates == ["20260301T120000Z", "20260301T143000Z", "20260301T143000Z"]
    assert caller.pauses == [0.0]


@pytest.mark.parametrize("date", ["", "never", "Sun, 01 Mar 2026 12:01:00 GMT"])
def test_a_signature_that_is_wrong_at_the_right_time_is_not_repeated(date: str) -> None:
    caller = Caller(
        refusal("InvalidSignatureException", date=date), credentials=Credentials(others=False)
    )

    assert caller.refused().code == "InvalidSignatureException"
    assert len(caller.pool.sent) == 1


def test_credentials_that_have_expired_are_replaced_once() -> None:
    recovering = Caller(refusal("ExpiredTokenException"), ok())
    failing = Caller(refusal("ExpiredTokenException"))

    recovering.call("PutItem", {})
    assert failing.refused().code == "ExpiredTokenException"

    used = [headers["authorization"].partition("/")[0] for headers, _ in recovering.pool.sent]
    assert [each.rpartition("=")[2] for each in used] == ["AKID1", "AKID2"]
    assert len(failing.pool.sent) == 2


def test_credentials_that_cannot_be_replaced_are_not_tried_again() -> None:
    caller = Caller(refusal("ExpiredTokenException"), credentials=Credentials(others=False))

    caller.refused()

    assert len(caller.pool.sent) == 1


def test_no_error_shows_a_secret() -> None:
    errors: list[Any] = [Caller(refusal("AccessDenied")).refused()]
    with pytest.raises(AwsUnreachable) as failed:
        Caller(NO_RESPONSE).call("PutItem", {})

    assert not any("sesame" in str(each) + repr(each) for each in [*errors, failed.value])
