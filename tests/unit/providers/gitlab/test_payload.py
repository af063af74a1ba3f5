from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from signalbox.ingress.payload import require
from signalbox.models.errors import PayloadInvalid
from signalbox.providers.gitlab.payload import Payload, kind_of, read


@pytest.mark.parametrize(
    "time",
    [
        "2024-05-02T08:00:05Z",
        "2024-05-02 08:00:05 UTC",
        "2024-05-02 10:00:05 +0200",
        "2024-05-02 03:00:05 -0500",
        "2024-05-02T10:00:05+02:00",
    ],
)
def test_a_time_is_read_in_each_of_its_forms(time: str) -> None:
    payload = read({"object_attributes": {"created_at": time}})

    attributes = require(payload.object_attributes, "object_attributes")
    assert attributes.created_at == datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("time", ["soon", "2024-05-02 UTC UTC", 1e400, [], True])
def test_an_odd_time_is_left_out(time: JsonValue) -> None:
    assert read({"created_at": time, "released_at": time}) == Payload()


def test_what_is_not_named_is_ignored_and_what_is_named_may_be_missing_or_null() -> None:
    assert read({"unheard_of": [1]}) == read(dict.fromkeys(Payload.model_fields)) == Payload()


@pytest.mark.parametrize(
    "odd",
    [
        {"project": "rail/railway"},
        {"project": {"web_url": 1}, "labels": [1], "commits": {}, "commit": {"id": 512}},
        {"user": {"id": "x"}, "merge_request": [], "issue": 1},
        {"object_attributes": {"title": 1, "url": [], "author_id": "x", "last_commit": "x"}},
        {"changes": {"labels": [], "assignees": {"current": 1}}},
        {"ref": 1, "after": 1, "tag": {}, "build_id": -1},
    ],
)
def test_a_part_that_only_informs_may_be_odd(odd: JsonValue) -> None:
    assert isinstance(read(odd), Payload)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"object_attributes": {"id": -1}}, "object_attributes.id: Input should be greater"),
        ({"object_attributes": {"note": 1}}, "object_attributes.note: Input should be a valid"),
        ({"object_attributes": {"action": "Open it"}}, "object_attributes.action: String should"),
        ({"user": {"username": 1}}, "user.username: Input should be a valid string"),
        ({"changes": {"description": {"previous": 1}}}, "changes.description.previous: Input"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(document: JsonValue, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        read(document)

    assert refused.value.reason.startswith(reason)


def test_the_kind_is_that_of_the_object_or_the_name_of_a_system_hook() -> None:
    assert kind_of({"object_kind": "push", "event_name": "tag_push"}) == "push"
    assert kind_of({"event_name": "project_create"}) == "project_create"
    assert kind_of({"a": "custom template"}) is None


@pytest.mark.parametrize("document", [[], None, {"object_kind": 1}, {"object_kind": "A kind"}])
def test_what_names_no_kind_is_refused(document: JsonValue) -> None:
    with pytest.raises(PayloadInvalid):
        kind_of(document)
