import pytest
from pydantic import JsonValue

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author
from signalbox.providers.jira.commands import author_of, command_text, sender_of, site_of
from signalbox.providers.jira.payload import Payload, User

_MIRA = {"accountId": "712020:6f1c", "accountType": "atlassian", "displayName": "Mira"}
_JONAS = {"accountId": "5b10ac8d", "accountType": "atlassian"}
_OWN = "Done. <!-- signalbox:task=tsk_1 -->\n/run"
_SITE = "https://octo.atlassian.net/rest/api/2/issue/10042"


def payload(**parts: object) -> Payload:
    return Payload.model_validate({"webhookEvent": "comment_created", **parts})


def on_comment(body: object = "/run", **rest: object) -> Payload:
    return payload(comment={"id": "7", "body": body, "author": _MIRA, **rest})


def on_issue(description: object = "/run", **rest: object) -> Payload:
    issue = {"id": "42", "fields": {"description": description, "creator": _MIRA}}
    return payload(issue=issue, **{"user": _JONAS, **rest})


def changed(before: object, after: object, **rest: object) -> Payload:
    item = {"field": "description", "fromString": before, "toString": after}
    return on_issue(changelog={"items": [{"field": "status"}, item | rest]})


def test_a_comment_is_a_text_for_commands() -> None:
    assert command_text("comment_created", on_comment()) == CommandText(
        text="/run", thread="comment:7", writer=Author(name="712020:6f1c")
    )


def test_an_edited_comment_keeps_its_thread_and_its_writer() -> None:
    edited = on_comment(updateAuthor=_JONAS)

    text = command_text("comment_updated", edited)

    assert text == command_text("comment_created", on_comment())
    assert text.previous_text is None
    assert sender_of("comment_updated", edited) == Author(name="5b10ac8d")


def test_the_description_of_a_new_issue_is_a_text_for_commands() -> None:
    assert command_text("issue_created", on_issue()) == CommandText(
        text="/run", thread="issue:42", writer=Author(name="712020:6f1c")
    )


def test_a_changed_description_has_its_previous_text() -> None:
    assert command_text("issue_updated", changed("/ran", "/run")) == CommandText(
        text="/run", previous_text="/ran", thread="issue:42", writer=Author(name="712020:6f1c")
    )
    assert command_text("issue_updated", changed(None, "/run")).previous_text == ""


@pytest.mark.parametrize(
    "update",
    [
        on_issue(),
        on_issue(changelog={"items": None}),
        on_issue(changelog={"items": [None, {"field": "summary", "toString": "/run"}]}),
        changed("/ran", "/run", fieldtype="custom"),
    ],
)
def test_an_update_of_another_field_has_no_text(update: Payload) -> None:
    assert command_text("issue_updated", update) == NO_TEXT


def test_a_document_is_read_as_a_text() -> None:
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "/run"}]}

    text = command_text("comment_created", on_comment({"type": "doc", "content": [paragraph]}))

    assert text.text == "/run"


@pytest.mark.parametrize("body", [None, 7, [], {}])
def test_a_text_that_is_missing_or_odd_is_empty(body: object) -> None:
    assert command_text("comment_created", on_comment(body)).text == ""
    assert command_text("issue_created", on_issue(body)).text == ""


def test_a_thread_names_the_site_where_it_is_known() -> None:
    on_site = payload(
        user=_MIRA,
        comment={"id": "7", "self": f"{_SITE}/comment/7"},
        issue={"id": "42", "self": _SITE},
    )

    assert command_text("comment_created", on_site).thread == "octo.atlassian.net/comment:7"
    assert command_text("issue_created", on_site).thread == "octo.atlassian.net/issue:42"


def test_an_issue_without_an_id_has_no_thread() -> None:
    assert command_text("issue_created", payload(issue={}, user=_MIRA)) == CommandText(text="")


@pytest.mark.parametrize("event", ["comment_created", "comment_updated", "comment_deleted"])
def test_a_comment_that_we_wrote_is_our_own(event: str) -> None:
    assert command_text(event, on_comment(_OWN)) == OWN_TEXT


def test_a_description_that_we_wrote_is_our_own() -> None:
    assert command_text("issue_created", on_issue(_OWN)) == OWN_TEXT
    assert command_text("issue_updated", changed("", _OWN)) == OWN_TEXT
    assert not command_text("issue_updated", on_issue(_OWN)).ours


def test_what_is_deleted_has_no_text() -> None:
    assert command_text("comment_deleted", on_comment(user=_MIRA)) == NO_TEXT
    assert command_text("issue_deleted", on_issue()) == NO_TEXT


def test_a_text_of_nobody_is_not_read() -> None:
    assert command_text("comment_created", on_comment(author=None)) == NO_TEXT
    assert command_text("issue_created", on_issue(user=None)) == NO_TEXT


@pytest.mark.parametrize(
    ("event", "part"), [("comment_created", "comment"), ("issue_created", "issue")]
)
def test_an_event_without_its_part_is_refused(event: str, part: str) -> None:
    with pytest.raises(PayloadInvalid, match=f"^{part} is missing$"):
        command_text(event, payload(user=_MIRA))


def test_who_deleted_a_comment_is_known_only_where_jira_says_so() -> None:
    assert sender_of("comment_deleted", on_comment()) is None
    assert sender_of("comment_deleted", payload(user=_JONAS, comment={"id": "7"})) == Author(
        name="5b10ac8d"
    )


@pytest.mark.parametrize(
    ("user", "author"),
    [
        (None, None),
        ({}, None),
        ({"displayName": "Mira"}, None),
        ({"accountId": "5b10", "name": "mira", "accountType": None}, Author(name="5b10")),
        ({"name": "mira", "key": "JIRAUSER10100"}, Author(name="mira")),
        ({"accountId": "5b10", "accountType": "customer"}, Author(name="5b10")),
        ({"accountId": "5b10", "accountType": "app"}, Author(name="5b10", automated=True)),
    ],
)
def test_a_user_is_named_by_what_identifies_it(user: JsonValue, author: Author | None) -> None:
    assert author_of(None if user is None else User.model_validate(user)) == author


@pytest.mark.parametrize(
    ("url", "site"),
    [
        (None, None),
        ("", None),
        ("https://octo.atlassian.net/browse/RAIL-1", None),
        ("octo.atlassian.net/rest/api/2/issue/1", None),
        ("https://octo.atlassian.net/rest/api/2/issue/1", "octo.atlassian.net"),
        ("https://example.com/jira/rest/api/2/issue/1/rest/", "example.com/jira"),
        ("https://" + "x" * 600 + "/rest/", None),
    ],
)
def test_the_site_is_what_stands_before_its_rest_api(url: str | None, site: str | None) -> None:
    assert site_of(url) == site
