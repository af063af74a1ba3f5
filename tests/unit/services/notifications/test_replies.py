"""Tasks answer where their command was given."""

import pytest

from signalbox.models.change import Change, change_for
from signalbox.models.errors import NotFound
from signalbox.models.ids import ConnectionId
from signalbox.models.source import ReplyMode, Source
from signalbox.models.task import ChangeType, Task
from signalbox.services.notifications.replies import (
    REPLYING,
    find_connection,
    reply_for,
)
from tests.builders import STACK, a_connection, a_source, a_task, an_origin
from tests.fakes.config import FakeConfigStore

URLS = {
    "github": "https://github.com/octo/hello/issues/1#issuecomment-1",
    "gitlab": "https://gitlab.com/octo/hello/-/merge_requests/1#note_1",
    "gitea": "https://gitea.com/octo/hello/pulls/1",
    "jira": "https://octo.atlassian.net/browse/OPS-7?focusedCommentId=1",
    "linear": "https://linear.app/octo/issue/ENG-12/fix-it#comment-1",
    "trello": "https://trello.com/c/AbCd1234/1-fix",
    "slack": "https://slack.com/app_redirect?team=T1&channel=C1&message_ts=1714636990.000700",
}


def task_of(provider: str, **changes: object) -> Task:
    facts = {"origin": an_origin(provider=provider), "url": URLS[provider], "kind": "fix"}
    return a_task(**facts | changes)


def change_of(task: Task, type_: ChangeType = ChangeType.CREATED) -> Change:
    return change_for(task, task.last_step.model_copy(update={"type": type_}), STACK)


def test_every_provider_that_answers_is_tried_here() -> None:
    assert URLS.keys() == REPLYING


@pytest.mark.parametrize("provider", sorted(URLS))
def test_a_task_of_a_command_answers_by_its_source(provider: str) -> None:
    task, source = task_of(provider), a_source(provider=provider, settings={"odd": 1})

    reply = reply_for(change_of(task), task, source)

    assert reply
    assert (reply.id, reply.connector) == (f"reply:{provider}/default", provider)
    assert reply.secret_name == f"tokens/{provider}/default"
    assert reply.settings == {"odd": 1}


@pytest.mark.parametrize(
    ("task", "source", "type_"),
    [
        (task_of("github"), a_source(reply=ReplyMode.OFF), ChangeType.CREATED),
        (task_of("github"), a_source(enabled=False), ChangeType.CREATED),
        (task_of("github"), None, ChangeType.CREATED),
        (task_of("github"), a_source(), ChangeType.UPDATED),
        (task_of("github", kind="issue_comment.created"), a_source(), ChangeType.CREATED),
        (task_of("github", url="https://github.com/octo/hello/commit/1"), a_source(),
         ChangeType.CREATED),
        (task_of("github", url=None), a_source(), ChangeType.CREATED),
        (task_of("slack", url="https://slack.com/app_redirect?team=T1&channel=C1"),
         a_source(provider="slack"), ChangeType.CREATED),
        (task_of("github", origin=an_origin(provider="sentry")), a_source(provider="sentry"),
         ChangeType.CREATED),
        (task_of("github", origin=an_origin(provider="api")), None, ChangeType.CREATED),
    ],
)  # fmt: skip
def test_what_has_no_place_or_no_consent_answers_nothing(
    task: Task, source: Source | None, type_: ChangeType
) -> None:
    assert reply_for(change_of(task, type_), task, source) is None


def test_tasks_of_events_answer_if_the_source_says_so() -> None:
    task = task_of("github", kind="issue_comment.created")

    assert reply_for(change_of(task), task, a_source(reply=ReplyMode.ALL))


def test_a_connection_is_a_configured_one_or_a_source() -> None:
    config = FakeConfigStore(a_connection(), a_source(provider="jira", name="ops"))

    assert find_connection(config, ConnectionId("team-slack")) == a_connection()
    assert find_connection(config, ConnectionId("reply:jira/ops")).connector == "jira"
    assert find_connection(config, ConnectionId("reply:github/default")).connector == "github"


@pytest.mark.parametrize("name", ["gone", "reply:jira/gone", "reply:", "reply:github/off"])
def test_what_does_not_exist_or_is_off_is_not_found(name: str) -> None:
    config = FakeConfigStore(a_source(name="off", reply=ReplyMode.OFF))

    with pytest.raises(NotFound):
        find_connection(config, ConnectionId(name))
