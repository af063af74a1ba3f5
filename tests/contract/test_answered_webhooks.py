"""The text of a webhook is the one that the connector of the same name acknowledges."""

from importlib import import_module

import pytest
from pydantic import JsonValue

from signalbox.egress.task_place import TaskPlace, TextRef
from signalbox.models.change import task_view
from tests.builders import a_connection, a_task, an_origin
from tests.fakes.references import clients
from tests.samples import sample

WEB_URLS = {
    "github": "https://github.com",
    "gitlab": "https://gitlab.example.org",
    "gitea": "https://git.example.org",
}
COMMENTS = [
    ("github", "issue_comment.created", "comment"),
    ("github", "issue_comment.edited", "comment"),
    ("github", "pull_request_review_comment.created", "comment"),
    ("gitlab", "note.create", "object_attributes"),
    ("gitlab", "note.update", "object_attributes"),
    ("gitea", "issue_comment.created", "comment"),
    ("gitea", "pull_request_comment.created", "comment"),
]
ISSUES = [
    ("github", "issues.opened"),
    ("github", "pull_request.opened"),
    ("gitlab", "issue.open"),
    ("gitlab", "merge_request.open"),
    ("gitlab", "work_item.open"),
    ("gitea", "issues.opened"),
    ("gitea", "pull_request.opened"),
]
OTHERS = [
    ("github", "pull_request_review.submitted"),
    ("gitea", "pull_request_review_comment"),
    ("gitea", "pull_request_review_approved"),
]


def place_of(provider: str, name: str) -> TaskPlace:
    """Where the task of a command in the text of a recorded webhook came from."""
    source = import_module(f"signalbox.providers.{provider}.provider").PROVIDER()
    [event] = source.parse(sample(provider, name).request()).events
    task = a_task(
        url=event.url,
        repository=event.repository,
        origin=an_origin(provider=provider, event=event.type),
    )
    web_url = WEB_URLS[provider]
    facts: dict[str, JsonValue] = {"api_url": f"{web_url}/api/v4", "web_url": web_url}
    connector = import_module(f"signalbox.connectors.{provider}").CONNECTOR(clients())
    settings = connector.settings(a_connection(connector=provider, settings=facts))
    place = connector.place(task_view(task), settings)
    assert isinstance(place, TaskPlace)
    return place


@pytest.mark.parametrize(("provider", "name", "part"), COMMENTS)
def test_a_command_in_a_comment_is_acknowledged_at_it(provider: str, name: str, part: str) -> None:
    comment = sample(provider, name).body[part]
    assert isinstance(comment, dict)

    text = place_of(provider, name).text

    assert text is not None
    assert text.comment == str(comment["id"])
    assert text.is_review == (name == "pull_request_review_comment.created")


@pytest.mark.parametrize(("provider", "name"), ISSUES)
def test_a_command_in_the_text_of_an_issue_is_acknowledged_there(provider: str, name: str) -> None:
    place = place_of(provider, name)

    assert place.text == TextRef(issue=place.require_issue())


@pytest.mark.parametrize(("provider", "name"), OTHERS)
def test_a_command_in_a_review_has_nothing_to_react_to(provider: str, name: str) -> None:
    place = place_of(provider, name)

    assert place.text is None
    assert place.require_issue().is_pull
