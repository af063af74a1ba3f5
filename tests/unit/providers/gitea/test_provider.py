import json
from urllib.parse import urlencode

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import ParsedPayload
from signalbox.providers.gitea.provider import Gitea
from tests.samples import names, request_of, sample


def parsed(name: str) -> ParsedPayload:
    recorded = sample("gitea", name)
    return Gitea().parse(request_of("gitea", recorded.headers, recorded.raw))


def parsed_as(headers: dict[str, str], **payload: object) -> ParsedPayload:
    return Gitea().parse(request_of("gitea", headers, json.dumps(payload).encode()))


@pytest.mark.parametrize("name", [name for name in names("gitea") if name != "wiki.created"])
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    assert found.type == name
    assert [event.type for event in found.events] == [name]
    assert found.events[0].author
    assert found.events[0].occurred_at
    assert found.events[0].repository == "rail-org/railway"
    assert name in Gitea.events


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("issue_comment.created", [("run", "the login tests priority=high")]),
        ("issue_comment.edited", [("retest", "")]),
        ("issue_comment.deleted", []),
        ("issues.opened", []),
        ("issues.edited", [("agent", "find out since when")]),
        ("pull_request.opened", [("run", "the slow tests")]),
        ("pull_request.edited", []),
        ("pull_request_comment.created", [("agent", "use the helper here")]),
        ("pull_request_review_comment", [("retest", "")]),
        (
            "pull_request_review_rejected",
            [("ask", "please add a test for the redirect\nand mention it in the changelog.")],
        ),
        ("push", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    [event] = parsed(name).events

    found = new_commands(event, mention="signalbox")

    assert [(command.name, command.instruction) for command in found] == expected


def test_a_form_is_read_as_json_is() -> None:
    recorded = sample("gitea", "issue_comment.created")
    body = urlencode({"payload": recorded.raw}).encode()
    headers = recorded.headers | {"Content-Type": "application/x-www-form-urlencoded"}

    form = Gitea().parse(request_of("gitea", headers, body))

    assert form == parsed("issue_comment.created")


def test_a_comment_on_a_pull_request_is_no_review() -> None:
    """The finer name of the one is the coarse name of the other."""
    fine = {"X-Gitea-Event": "issue_comment", "X-Gitea-Event-Type": "pull_request_comment"}
    comment = parsed_as(fine, action="created", issue={"id": 1}, comment={"id": 2})
    coarse = {"X-Gitea-Event": "pull_request_comment"}
    review = parsed_as(coarse, action="reviewed", pull_request={"id": 1}, review={"content": ""})

    assert comment.type == "pull_request_comment.created"
    assert review.type == "pull_request_review_comment"


@pytest.mark.parametrize(
    ("fine", "coarse", "action", "type_"),
    [
        ("issue_label", "issues", "label_updated", "issues.label_updated"),
        ("issue_assign", "issues", "assigned", "issues.assigned"),
        ("pull_request_label", "pull_request", "label_updated", "pull_request.label_updated"),
        ("pull_request_sync", "pull_request", "synchronized", "pull_request.synchronized"),
        ("pull_request_assign", "pull_request", "assigned", "pull_request.assigned"),
        (
            "pull_request_review_request",
            "pull_request",
            "review_requested",
            "pull_request.review_requested",
        ),
    ],
)
def test_an_event_has_one_type_with_the_finer_header_and_without(
    fine: str, coarse: str, action: str, type_: str
) -> None:
    headers = {"X-Gitea-Event": coarse, "X-Gitea-Event-Type": fine}
    part = "issue" if coarse == "issues" else "pull_request"

    types = {
        parsed_as(each, action=action, **{part: {"id": 1}}).type
        for each in (headers, {"X-Gitea-Event": coarse})
    }

    assert types == {type_}


def test_the_headers_of_github_name_no_event() -> None:
    headers = {"X-GitHub-Event": "push", "X-Gogs-Event": "push", "X-GitHub-Event-Type": "push"}

    with pytest.raises(PayloadInvalid, match="name no event"):
        parsed_as(headers, ref="refs/heads/main")


@pytest.mark.parametrize("event", ["", " ", "Issues", "issues ", "é", "\ud800", "a" * 65, "a.b"])
def test_a_header_that_names_no_event_is_refused(event: str) -> None:
    with pytest.raises(PayloadInvalid, match="name no event"):
        Gitea().parse(request_of("gitea", {"X-Gitea-Event-Type": event}, b"{}"))


def test_an_event_that_is_not_read_is_ignored_whatever_its_body() -> None:
    request = request_of("gitea", {"X-Gitea-Event-Type": "package"}, b"\xff")

    assert Gitea().parse(request) == ParsedPayload(
        type="package", ignored="the event package is not read"
    )


@pytest.mark.parametrize("action", ["closed", "milestoned", "label_cleared", None])
def test_an_action_that_is_not_read_is_ignored_whatever_else_is_odd(action: str | None) -> None:
    type_ = f"issues.{action}" if action else "issues"

    found = parsed_as({"X-Gitea-Event": "issues"}, action=action, issue=[])

    assert found == ParsedPayload(type=type_, ignored=f"the event {type_} is not read")


def test_our_own_comment_is_ignored() -> None:
    comment = {"id": 2, "body": "Done.\n<!-- signalbox:task=tsk_1 -->"}

    found = parsed_as({"X-Gitea-Event": "issue_comment"}, action="created", comment=comment)

    assert found.events == ()
    assert found.ignored == "the text is our own, by its marker"


def test_the_delivery_key_is_the_id_that_gitea_gives() -> None:
    request = request_of("gitea", {"X-Gitea-Delivery": "f6266f16-1bf3"}, b"{}")

    assert Gitea().delivery_key(request) == "f6266f16-1bf3"


def test_it_must_be_answered_within_five_seconds() -> None:
    assert Gitea.deadline == 5
