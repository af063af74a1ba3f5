import pytest

from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.gitea.payload import Payload, action_of, decoded
from signalbox.providers.gitea.payload import read as payload_of
from tests.samples import request_of


def json_request(body: bytes) -> InboundRequest:
    return request_of("gitea", {"Content-Type": "application/json"}, body)


def read(body: bytes) -> Payload:
    return payload_of(decoded(json_request(body)))


def test_what_is_not_named_is_ignored_and_what_is_named_may_be_missing_or_null() -> None:
    nothing = read(b'{"secret":"old versions send it","is_pull":[{"a":1}]}')
    nulls = read(b'{"action":null,"sender":null,"issue":null,"changes":null,"release":null}')

    assert nothing == nulls == Payload()


@pytest.mark.parametrize(
    "part",
    [
        b'"repository":{"full_name":7}',
        b'"issue":{"id":1,"title":7,"labels":[7],"assignee":"ada","html_url":[]}',
        b'"pull_request":{"id":1,"head":"main","created_at":"soon"}',
        b'"release":{"name":false,"published_at":"0001-01-01T00:00:00+14:00"}',
        b'"head_commit":[],"compare_url":1',
        b'"changes":{"added_labels":"agent"}',
    ],
)
def test_a_part_that_only_informs_may_be_odd(part: bytes) -> None:
    assert read(b'{"action":"opened",%s}' % part).action == "opened"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"comment":{"body":"x"}}', "comment.id: Field required"),
        (b'{"comment":{"id":-1}}', "comment.id: Input should be greater than or equal to 0"),
        (b'{"comment":{"id":1,"body":["/run"]}}', "comment.body: Input should be a valid string"),
        (b'{"sender":"ada"}', "sender: Input should be a valid dictionary"),
        (b'{"action":"Robert\'); DROP"}', "action: String should match pattern"),
        (b"[]", "the body: Input should be a valid dictionary"),
        (b"{", "the body cannot be read: EOF while parsing"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(body: bytes, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        read(body)

    assert refused.value.reason.startswith(reason)


def test_the_action_is_read_whatever_else_is_wrong() -> None:
    document = decoded(json_request(b'{"action":"closed","comment":[],"sender":"x"}'))

    assert action_of(document) == "closed"
