"""Every forge acknowledges a new task by a reaction to the text that created it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from typing_extensions import override

from cli.doubles.double import DoubleRequest, DoubleResponse, TargetDouble
from cli.doubles.gitea import GiteaDouble
from cli.doubles.github import GitHubDouble
from cli.doubles.gitlab import GitLabDouble
from signalbox.connectors.gitea import Gitea
from signalbox.connectors.github import GitHub
from signalbox.connectors.gitlab import GitLab
from signalbox.egress.connector import TargetConnector
from signalbox.models.digest import DigestMember, DigestPart
from signalbox.models.errors import SendDelayed
from signalbox.models.ids import NotificationId, SubscriptionId
from signalbox.models.notification import Notification
from signalbox.models.task import Task, TaskApproval, TaskStatus
from tests.builders import NOW, a_notification, a_task, an_origin, notifications_of
from tests.fakes.doubles import DOUBLE_URL
from tests.fakes.references import clients
from tests.fakes.targets import FakeTarget

EYES = ("reactions", "award_emoji")


@dataclass(frozen=True, kw_only=True)
class ForgeCase:
    """A forge, with a text of each kind below its issue 1 and where the API takes reactions to it.

    `unknown` are the texts that it takes none to.
    """

    connector: type[TargetConnector[Any]]
    double: type[TargetDouble]
    repository: str
    api: str
    comments: str
    reactions: dict[str, str]
    unknown: Sequence[str]
    issue_event: str
    issue: str


GITHUB = ForgeCase(
    connector=GitHub,
    double=GitHubDouble,
    repository="https://github.com/octo/hello",
    api="/repos/octo/hello",
    comments="/issues/1/comments",
    reactions={
        "/issues/1#issuecomment-7": "/issues/comments/7/reactions",
        "/pull/1#issuecomment-8": "/issues/comments/8/reactions",
        "/pull/1#discussion_r9": "/pulls/comments/9/reactions",
    },
    unknown=("/pull/1#pullrequestreview-7", "/issues/1#issuecomment-7x", "/issues/1#event-7"),
    issue_event="issues.opened",
    issue="octo/hello#7",
)
GITLAB = ForgeCase(
    connector=GitLab,
    double=GitLabDouble,
    repository="https://gitlab.example.org/octo/hello",
    api="/api/v4/projects/octo%2Fhello",
    comments="/issues/1/notes",
    reactions={
        "/-/issues/1#note_7": "/issues/1/notes/7/award_emoji",
        "/-/work_items/1#note_7": "/issues/1/notes/7/award_emoji",
        "/-/merge_requests/1#note_8": "/merge_requests/1/notes/8/award_emoji",
    },
    unknown=("/-/issues/1#note_x", "/-/issues/1#issuecomment-7"),
    issue_event="issue.open",
    issue="octo/hello#7",
)
GITEA = ForgeCase(
    connector=Gitea,
    double=GiteaDouble,
    repository="https://git.example.org/octo/hello",
    api="/api/v1/repos/octo/hello",
    comments="/issues/1/comments",
    reactions={
        "/issues/1#issuecomment-7": "/issues/comments/7/reactions",
        "/pulls/1#issuecomment-8": "/issues/comments/8/reactions",
    },
    unknown=("/pulls/1", "/issues/1#issue-7"),  # a review has the URL of its pull request
    issue_event="issues.opened",
    issue="octo/hello#7",
)
FORGES = {"github": GITHUB, "gitlab": GITLAB, "gitea": GITEA}
TEXTS = [(name, text) for name, case in FORGES.items() for text in case.reactions]
UNKNOWN = [(name, text) for name, case in FORGES.items() for text in case.unknown]


class AnsweringSource(FakeTarget[TargetDouble]):
    """A forge that a source answers to, which can refuse reactions with a status."""

    def __init__(self, case: ForgeCase, **settings: str) -> None:
        double = case.double()
        configured = dict(double.settings(DOUBLE_URL))
        replies = case.connector(clients()).reply_settings(configured)
        super().__init__(double, case.connector, {**configured, **replies, **settings})
        self.case = case

    @property
    @override
    def calls(self) -> Sequence[str]:
        return [call.replace(self.case.api, "", 1) for call in super().calls]

    def task(self, text: str, **facts: object) -> Task:
        return a_task(repository="octo/hello", url=self.case.repository + text, **facts)

    def comment(self) -> str:
        return next(iter(self.case.reactions))


@pytest.fixture(params=FORGES)
def forge(request: pytest.FixtureRequest) -> AnsweringSource:
    return AnsweringSource(FORGES[request.param])


def refuse_reactions(monkeypatch: pytest.MonkeyPatch, forge: AnsweringSource, status: int) -> None:
    respond = forge.double.respond

    def refused(request: DoubleRequest) -> DoubleResponse:
        if request.path.endswith(EYES):
            return DoubleResponse.of_json({"message": "404 Award Emoji Not Found"}, status)
        return respond(request)

    monkeypatch.setattr(forge.double, "respond", refused)


@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_a_new_task_is_acknowledged_by_a_reaction_to_its_comment(name: str, text: str) -> None:
    forge = AnsweringSource(FORGES[name])

    forge.send(a_notification(forge.task(text)))

    assert forge.calls == [f"POST {forge.case.reactions[text]}"]
    [reaction] = forge.http.received
    assert "eyes" in json.loads(reaction.body).values()


def test_later_changes_are_one_comment(forge: AnsweringSource) -> None:
    forge.send(*notifications_of(forge.task(forge.comment())))

    reaction, created, updated = forge.calls
    assert reaction.endswith(EYES)
    assert created == f"POST {forge.case.comments}"
    assert updated.split(" ")[0] in {"PUT", "PATCH"}
    shown = forge.double.shown()
    assert [text[0] for text in shown] == ["👀", "✅"]


def test_a_reaction_that_is_there_is_not_refused(forge: AnsweringSource) -> None:
    created = a_notification(forge.task(forge.comment()))
    retried = forge.send_lost(created)

    forge.send(retried)

    assert len(forge.calls) == 2
    assert len(forge.double.shown()) == 1


def test_a_command_in_the_text_of_an_issue_is_acknowledged_there(forge: AnsweringSource) -> None:
    text = forge.comment().partition("#")[0]
    origin = an_origin(event=forge.case.issue_event)

    forge.send(a_notification(forge.task(text, origin=origin)))

    [call] = forge.calls
    assert call.startswith("POST /issues/1/")
    assert call.endswith(EYES)


def test_the_event_of_an_issue_has_no_text_of_its_own(forge: AnsweringSource) -> None:
    text, event = forge.comment().partition("#")[0], forge.case.issue_event

    forge.send(a_notification(forge.task(text, kind=event, origin=an_origin(event=event))))

    assert forge.calls == [f"POST {forge.case.comments}"]


@pytest.mark.parametrize(("name", "text"), UNKNOWN)
def test_a_text_without_an_id_is_answered_by_a_comment(name: str, text: str) -> None:
    forge = AnsweringSource(FORGES[name])
    review = an_origin(event="pull_request_review_comment")

    forge.send(a_notification(forge.task(text, origin=review)))

    [call] = forge.calls
    assert call.endswith(("/comments", "/notes"))


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_reaction_that_is_refused_is_replaced_by_a_comment(
    monkeypatch: pytest.MonkeyPatch, forge: AnsweringSource, status: int
) -> None:
    refuse_reactions(monkeypatch, forge, status)

    forge.send(*notifications_of(forge.task(forge.comment())))

    comments = forge.calls[1:]
    assert comments[0] == f"POST {forge.case.comments}"
    assert len(comments) == 3
    assert len(forge.double.shown()) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_reaction_is_tried_again_while_the_forge_is_down(
    monkeypatch: pytest.MonkeyPatch, forge: AnsweringSource, status: int
) -> None:
    refuse_reactions(monkeypatch, forge, status)

    with pytest.raises(SendDelayed):
        forge.send(a_notification(forge.task(forge.comment())))

    assert len(forge.calls) == 1


def test_a_task_that_awaits_approval_is_shown_with_what_to_answer(forge: AnsweringSource) -> None:
    approval = TaskApproval(seconds=3_600, expires_at=NOW)
    waiting = forge.task(forge.comment(), status=TaskStatus.AWAITING_APPROVAL, approval=approval)

    forge.send(a_notification(waiting))

    assert forge.calls == [f"POST {forge.case.comments}"]


def test_a_digest_is_a_comment(forge: AnsweringSource) -> None:
    task = forge.task(forge.comment())

    forge.send(as_digest(a_notification(task)))

    assert forge.calls == [f"POST {forge.case.comments}"]


def test_tasks_that_are_shown_on_one_issue_have_comments(forge: AnsweringSource) -> None:
    elsewhere = AnsweringSource(forge.case, issue=forge.case.issue)

    elsewhere.send(a_notification(elsewhere.task(elsewhere.comment())))

    [call] = elsewhere.calls
    assert call.startswith("POST /issues/7/")
    assert not call.endswith(EYES)


def as_digest(notification: Notification) -> Notification:
    member = DigestMember(task=notification.task_id, notification=NotificationId("ntf_two"))
    part = DigestPart(subscription=SubscriptionId("team"), leader=member, members=(member,))
    return notification.model_copy(update={"digest": part})
