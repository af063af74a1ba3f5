import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.sentry.payload import Data, Payload, action_of, read


def test_what_only_informs_may_be_of_any_type() -> None:
    odd: JsonValue = {"title": 5, "level": [], "project": "web", "web_url": {}, "firstSeen": "soon"}
    issue: JsonValue = {
        "issue": odd,
        "assignee": 7,
        "resolution_type": {},
        "web_url": 1,
        "timestamp": "now",
    }

    payload = read({"action": "created", "actor": "Mira", "data": issue})

    assert payload == read({"action": "created", "data": {"issue": {}}})


def test_what_is_not_named_is_ignored_and_what_is_named_may_be_null() -> None:
    nulls: JsonValue = dict.fromkeys(Data.model_fields)

    assert read({"action": "created", "data": nulls, "else": 1}) == Payload(
        action="created", data=Data()
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "data: Input should be a valid dictionary"),
        ([], "data: Input should be a valid dictionary"),
        ({"issue": "5310042001"}, "data.issue: Input should be a valid dictionary"),
        ({"event": []}, "data.event: Input should be a valid dictionary"),
        ({"metric_alert": 1}, "data.metric_alert: Input should be a valid dictionary"),
        ({"comment": 1}, "data.comment: Input should be a valid string"),
        ({"comment_id": -1}, "data.comment_id: Input should be greater than or equal to 0"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(data: JsonValue, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        read({"action": "created", "data": data})

    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    "document", [[], None, 1, {}, {"action": None}, {"action": "Robert'); DROP"}, {"action": ""}]
)
def test_a_payload_without_an_action_is_refused(document: JsonValue) -> None:
    with pytest.raises(PayloadInvalid):
        action_of(document)


def test_the_action_is_read_whatever_else_is_wrong() -> None:
    assert action_of({"action": "snoozed", "data": [], "actor": 1}) == "snoozed"
