import json

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import matches_event
from signalbox.providers.jira.provider import Jira
from tests.samples import names, request_of, sample


def parsed(name: str) -> ParsedPayload:
    found = sample("jira", name)
    return Jira().parse(request_of("jira", found.headers, found.raw))


def parsed_from(body: object) -> ParsedPayload:
    return Jira().parse(request_of("jira", {}, json.dumps(body).encode()))


@pytest.mark.parametrize("name", [name for name in names("jira") if name != "issuelink_created"])
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    types = [event.type for event in found.events]
    assert found.type == types[0] == name.partition(".")[0]
    assert name in types
    assert set(types) <= set(Jira.events)
    for event in found.events:
        assert event.occurred_at
        assert (event.repository, event.title) == ("RAIL", "Login fails behind the proxy")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("comment_created", [("agent", "fix the login priority=high")]),
        ("comment_updated", [("run", "the slow tests")]),
        ("comment_deleted", []),
        ("issue_created", [("run", "the login tests")]),
        ("issue_updated.description", [("agent", "find out since when")]),
        ("issue_updated.status", []),
        ("issue_deleted", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    found = [
        (command.name, command.instruction)
        for event in parsed(name).events
        for command in new_commands(event, mention="signalbox")
    ]

    assert found == expected


def test_an_event_that_is_not_read_is_ignored_whatever_else_is_odd() -> None:
    assert parsed("issuelink_created") == ParsedPayload(
        type="issuelink_created", ignored="the event issuelink_created is not read"
    )
    assert parsed_from({"webhookEvent": "jira:worklog_updated", "comment": 7}).ignored


def test_an_update_without_a_change_is_ignored() -> None:
    found = parsed_from(
        {
            "webhookEvent": "jira:issue_updated",
            "issue_event_type_name": "issue_commented",
            "issue": {"id": "1"},
            "comment": {"id": "7", "body": "/run"},
        }
    )

    assert found == ParsedPayload(
        type="issue_updated", ignored="the event issue_updated changes no field"
    )


def test_an_update_of_a_custom_field_is_an_event() -> None:
    item = {"field": "Sprint", "fieldtype": "custom", "fieldId": "customfield_10020"}
    body = {
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": "1"},
        "changelog": {"items": [item]},
    }

    assert [event.type for event in parsed_from(body).events] == ["issue_updated"]


def test_our_own_comment_is_ignored() -> None:
    comment = {"id": "7", "body": "Done.\n<!-- signalbox:task=tsk_1 -->"}

    found = parsed_from({"webhookEvent": "comment_created", "comment": comment})

    assert (found.events, found.ignored) == ((), "the text is our own, by its marker")


def test_an_event_without_its_part_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"^issue is missing$"):
        parsed_from({"webhookEvent": "jira:issue_created"})


def test_a_retry_has_the_key_of_the_first_attempt() -> None:
    headers = {"X-Atlassian-Webhook-Identifier": "7c1d5e0a", "X-Atlassian-Webhook-Retry": "2"}

    assert Jira().delivery_key(request_of("jira", headers, b"{}")) == "7c1d5e0a"


def test_no_credential_is_kept_with_a_delivery() -> None:
    assert not Jira().recorded_headers & {"authorization", "x-hub-signature"}


@pytest.mark.parametrize(
    "pattern", ["issue_*.labels:agent", "issue_updated.status:In Progress", "comment_*", "issue_*"]
)
def test_a_pattern_selects_events(pattern: str) -> None:
    assert matches_event(pattern, Jira.events)
