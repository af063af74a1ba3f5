"""Whose words count in what GitHub sends."""

import pytest
from pydantic import JsonValue

from signalbox.models.task import Priority
from tests.builders import a_source
from tests.functions.system import ApiResponse, System

MAINTAINER: JsonValue = {"login": "maintainer", "type": "User"}
MALLORY: JsonValue = {"login": "mallory", "type": "User"}
SYNC: JsonValue = {"login": "sync[bot]", "type": "Bot"}
US: JsonValue = {"login": "signalbox[bot]", "type": "Bot"}

NOT_THE_WRITER = "the writer of the text is not one that the source lists"


def configured(system: System, **source: tuple[str, ...]) -> None:
    system.wiring.config.put(a_source(**source))


def notes(answer: ApiResponse) -> list[str]:
    found = answer.json_body["notes"]
    assert isinstance(found, list)
    return [str(note).partition(": ")[2] for note in found]


def commented(
    system: System, text: str, writer: JsonValue, *, key: str = "d-1", number: int = 7
) -> ApiResponse:
    comment: JsonValue = {"id": number, "body": text, "user": writer}
    return system.post("issue_comment.created", key=key, comment=comment, sender=writer)


def edited(
    system: System, before: str, after: str, writer: JsonValue, sender: JsonValue
) -> ApiResponse:
    return system.post(
        "issue_comment.edited",
        key="d-2",
        comment={"id": 7, "body": after, "user": writer},
        changes={"body": {"from": before}},
        sender=sender,
    )


def test_who_corrects_the_comment_of_a_stranger_does_not_command_what_it_says(
    system: System,
) -> None:
    configured(system, authors=("maintainer",))
    answer = edited(system, "thanks", "thanks\n/agent push to main", MALLORY, MAINTAINER)

    assert (answer.json_body["task_ids"], notes(answer)) == ([], [NOT_THE_WRITER])


def test_who_corrects_the_comment_of_a_bot_does_not_command_what_it_says(system: System) -> None:
    configured(system)

    answer = edited(system, "foo", "@signalbox push it", SYNC, MAINTAINER)

    assert answer.json_body["task_ids"] == []
    assert notes(answer) == ["sync[bot] is a bot that the source does not list"]


def test_an_edit_of_what_somebody_else_who_may_command_wrote_is_a_task_of_the_sender(
    system: System,
) -> None:
    configured(system, authors=("maintainer", "mallory"))

    answer = edited(system, "thanks", "@signalbox push it", MALLORY, MAINTAINER)

    [task] = system.tasks_of(answer)
    assert (task.author, task.instruction) == ("maintainer", "push it")


@pytest.mark.parametrize(("authors", "made"), [(("maintainer",), 0), ((), 1)])
def test_a_text_whose_writer_is_gone_commands_only_where_everybody_may(
    system: System, authors: tuple[str, ...], made: int
) -> None:
    configured(system, authors=authors)

    answer = edited(system, "thanks", "/agent fix it", None, MAINTAINER)

    assert len(system.tasks_of(answer)) == made


def test_an_issue_that_is_transferred_commands_nothing_in_its_new_place(system: System) -> None:
    configured(system)
    issue: JsonValue = {"id": 51, "body": "/agent fix it", "user": MAINTAINER}
    moved: JsonValue = {"old_issue": {"id": 50}, "old_repository": {"full_name": "octo/old"}}

    answer = system.post("issues.opened", issue=issue, sender=MAINTAINER, changes=moved)

    assert answer.json_body["task_ids"] == []
    assert notes(answer) == ["the text was moved here, and what is moved commands nothing"]


def test_who_converts_the_issue_of_a_stranger_to_a_discussion_does_not_command_what_it_says(
    system: System,
) -> None:
    configured(system, authors=("maintainer",))
    discussion: JsonValue = {"id": 9, "body": "/agent push to main", "user": MALLORY}

    answer = system.post("discussion.created", discussion=discussion, sender=MAINTAINER)

    assert (answer.json_body["task_ids"], notes(answer)) == ([], [NOT_THE_WRITER])


def test_a_bot_commands_only_where_it_is_listed(system: System) -> None:
    configured(system)
    stopped = commented(system, "/agent update", SYNC)
    configured(system, bots=("sync[bot]",))

    listed = commented(system, "/agent update", SYNC, key="d-2")

    assert (stopped.word("status"), listed.word("status")) == ("ignored", "accepted")
    assert [task.kind for task in system.tasks_of(listed)] == ["agent"]


@pytest.mark.parametrize("body", ["Bumps a library", "", None])
def test_the_event_of_a_bot_is_a_task_whatever_it_says(system: System, body: str | None) -> None:
    configured(system, events=("pull_request.opened",))

    answer = system.post("pull_request.opened", pull_request={"body": body}, sender=SYNC)

    assert [task.kind for task in system.tasks_of(answer)] == ["pull_request.opened"]


def test_nothing_is_made_of_what_our_own_account_does(system: System) -> None:
    configured(system, events=("issues.labeled",), bots=("*",))

    response = commented(system, "/agent go", US)
    done = system.post("issues.labeled", key="d-2", sender=US)

    assert response.word("status") == done.word("status") == "ignored"
    assert notes(response) == notes(done) == ["signalbox[bot] is our own account"]


def test_the_same_number_on_another_host_is_another_comment(system: System) -> None:
    comment: dict[str, JsonValue] = {"id": 7, "body": "/run tests"}
    other = comment | {"html_url": "https://github.example/octo/hello/issues/7#issuecomment-7"}

    here = system.post("issue_comment.created", comment=comment)
    there = system.post("issue_comment.created", key="d-2", comment=other)

    assert here.json_body["task_ids"] != there.json_body["task_ids"]
    assert len(system.tasks_of(here) + system.tasks_of(there)) == 2


def test_a_comment_that_is_only_respaced_or_requoted_makes_no_task_again(system: System) -> None:
    configured(system)
    first = commented(system, "/run a b", MAINTAINER)

    answer = edited(system, "/run a b", "Please:\n/run  'a'  b", MAINTAINER, MAINTAINER)
    other = commented(system, "/run 'a' b", MAINTAINER, key="d-3")

    assert notes(answer) == ["no new command in it, and the source makes no task of the event"]
    assert other.json_body["task_ids"] == first.json_body["task_ids"]


def test_a_label_says_the_priority_and_a_command_says_it_over_the_label(system: System) -> None:
    issue: JsonValue = {"labels": [{"name": "Priority: High"}]}
    by_label: JsonValue = {"id": 1, "body": "/agent fix it"}
    by_command: JsonValue = {"id": 2, "body": "/agent fix it priority=low"}

    answers = [
        system.post("issue_comment.created", key=f"d-{index}", issue=issue, comment=comment)
        for index, comment in enumerate((by_label, by_command))
    ]

    priorities = [task.priority for answer in answers for task in system.tasks_of(answer)]
    assert priorities == [Priority.HIGH, Priority.LOW]


def test_a_task_tells_where_it_comes_from(system: System) -> None:
    answer = system.post("pull_request_review_comment.created", key="a-delivery")

    [task] = system.tasks_of(answer)
    assert (task.kind, task.instruction) == ("agent", "use the helper here")
    assert task.arguments == ("use", "the", "helper", "here")
    assert task.title == "agent: use the helper here"
    assert (task.origin.provider, task.origin.source) == ("github", "default")
    assert task.origin.delivery_key == "a-delivery"
    assert task.origin.delivery_id == answer.word("delivery_id")
    assert task.origin.event == "pull_request_review_comment.created"
    assert task.origin.request_id == answer.headers["x-request-id"]
    assert task.repository == "octo-org/railway"
    assert (task.branch, task.author) == ("fix/login", "jonas-lind")
    assert task.commit == "4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd"
    assert task.url == "https://github.com/octo-org/railway/pull/57#discussion_r1588000417"
    assert task.created_at == task.updated_at == system.clock()
