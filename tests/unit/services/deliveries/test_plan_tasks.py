"""What a source makes of an event, and whose words count."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signalbox.models.event import Author, Event, ParsedPayload
from signalbox.models.ids import RequestId, delivery_id
from signalbox.models.source import ApprovalRule, CommandPermission, Source
from signalbox.models.task import Priority, Task, TaskOrigin, TaskStatus
from signalbox.services.deliveries.plan_tasks import DeliveryContext, TaskPlan, plan_tasks
from tests.builders import NOW, a_source, an_event

ADA = Author(name="ada")
MALLORY = Author(name="mallory")
BOT = Author(name="sync[bot]", automated=True)
US = Author(name="Signalbox[bot]", automated=True)
EVENTS = ("issue_comment.*",)

NOT_THE_AUTHOR = "issue_comment.created: the author is not one that the source lists"
NOT_THE_WRITER = "issue_comment.created: the writer of the text is not one that the source lists"
NOT_THE_BOT = "issue_comment.created: sync[bot] is a bot that the source does not list"


def received(source: Source | None = None, key: str = "a delivery") -> DeliveryContext:
    return DeliveryContext(
        id=delivery_id("github", "default", key),
        key=key,
        source=source or a_source(),
        at=NOW,
        request_id=RequestId("req_one"),
        retention=86_400,
    )


def drafted(*events: Event, key: str = "a delivery", **source: Any) -> TaskPlan:
    parsed = ParsedPayload(type="issue_comment.created", events=events)
    return plan_tasks(parsed, received(a_source(**source), key))


def kinds(made: TaskPlan) -> list[str]:
    return [task.kind for task in made.tasks]


def one(event: Event, **source: Any) -> Task:
    [task] = drafted(event, **source).tasks
    return task


def ids(made: TaskPlan) -> list[str]:
    return [task.id for task in made.tasks]


def test_a_task_tells_every_fact_of_its_event_and_of_its_command() -> None:
    event = an_event(
        repository="octo/hello",
        branch="fix",
        commit="4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd",
        labels=("bug", "Priority: LOW"),
        text='/agent fix "the login"',
    )

    task = one(event, name="web", max_attempts=5)

    assert (task.kind, task.title) == ("agent", 'agent: fix "the login"')
    assert (task.arguments, task.instruction) == (("fix", "the login"), 'fix "the login"')
    assert (task.repository, task.branch) == ("octo/hello", "fix")
    assert task.commit == "4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd"
    assert (task.author, task.url) == ("octocat", event.url)
    assert task.labels == ("bug", "Priority: LOW")
    assert (task.priority, task.max_attempts, task.retention) == (Priority.LOW, 5, 86_400)
    assert task.created_at == task.updated_at == NOW
    assert [step.by for step in task.history] == ["github/web"]
    assert task.origin == TaskOrigin(
        provider="github",
        source="web",
        delivery_id=delivery_id("github", "default", "a delivery"),
        delivery_key="a delivery",
        event="issue_comment.created",
        request_id=RequestId("req_one"),
    )


def test_the_lines_below_a_command_reach_the_worker() -> None:
    bare = one(an_event(text="/agent\r\n\r\nSplit it in two.\r\nKeep names."))
    command = one(an_event(text="/agent split it\n\nKeep names."))

    assert (bare.title, bare.instruction) == (
        "agent: Split it in two. Keep names.",
        "Split it in two.\nKeep names.",
    )
    assert (command.instruction, command.description) == ("split it", "Keep names.")


def test_it_is_told_that_the_text_of_a_command_was_cut() -> None:
    made = drafted(an_event(text="/agent\n" + "x" * 20_000))

    assert made.notes == ("issue_comment.created: the text of agent was cut: it is too long",)
    assert len(made.tasks[0].instruction) == 10_000


def test_a_task_made_of_an_event_is_named_like_it_and_holds_no_command() -> None:
    task = one(an_event(text="thanks", title="Login fails"), events=EVENTS)

    assert (task.kind, task.title) == ("issue_comment.created", "Login fails")
    assert (task.arguments, task.instruction) == ((), "")


@pytest.mark.parametrize(
    ("label", "priority"),
    [
        ("priority: high", Priority.HIGH),
        ("Priority/LOW", Priority.LOW),
        (" priority=high ", Priority.HIGH),
        ("priority-normal", Priority.NORMAL),
        ("priority: urgent", Priority.LOW),
        ("no priority: high", Priority.LOW),
    ],
)
def test_a_label_says_the_priority_over_the_source(label: str, priority: Priority) -> None:
    event = an_event(labels=("bug", label))

    assert one(event, priority=Priority.LOW).priority == priority


def test_a_command_says_its_priority_over_a_label() -> None:
    event = an_event(labels=("priority: high",), text="/agent fix it priority=LOW")

    assert one(event).priority == Priority.LOW


def test_a_priority_that_is_none_leaves_that_of_the_label() -> None:
    event = an_event(labels=("priority: high",), text="/agent fix it priority=urgent")

    assert one(event).priority == Priority.HIGH


@pytest.mark.parametrize(
    ("author", "writer", "why"),
    [
        (ADA, ADA, []),
        (MALLORY, MALLORY, [NOT_THE_AUTHOR]),
        (ADA, MALLORY, [NOT_THE_WRITER]),
        (MALLORY, ADA, [NOT_THE_AUTHOR]),
        (ADA, None, [NOT_THE_WRITER]),
        (None, ADA, [NOT_THE_AUTHOR]),
        (ADA, BOT, [NOT_THE_BOT]),
        (BOT, ADA, [NOT_THE_BOT]),
    ],
)
def test_where_authors_are_named_the_sender_and_the_writer_of_a_command_are_of_them(
    author: Author | None, writer: Author | None, why: list[str]
) -> None:
    made = drafted(an_event(author=author, writer=writer), authors=("ada",))

    assert kinds(made) == ([] if why else ["agent"])
    assert list(made.notes) == why


@pytest.mark.parametrize("writer", [MALLORY, None])
def test_where_no_authors_are_named_anybody_commands_and_the_sender_is_the_author(
    writer: Author | None,
) -> None:
    task = one(an_event(author=ADA, writer=writer))

    assert (task.kind, task.author) == ("agent", "ada")


@pytest.mark.parametrize(("author", "writer"), [(BOT, BOT), (ADA, BOT), (BOT, ADA)])
def test_the_commands_of_a_bot_count_only_where_it_is_listed(
    author: Author, writer: Author
) -> None:
    event = an_event(author=author, writer=writer)

    without, listed, by_pattern, other = (
        drafted(event, bots=bots) for bots in ((), ("SYNC[bot]",), ("*",), ("another[bot]",))
    )

    assert kinds(listed) == kinds(by_pattern) == ["agent"]
    assert kinds(without) == kinds(other) == []
    assert without.notes == other.notes == (NOT_THE_BOT,)


def test_a_bot_that_is_listed_is_still_to_be_an_author_where_they_are_named() -> None:
    event = an_event(author=BOT)

    assert kinds(drafted(event, bots=("*",), authors=("ada",))) == []
    assert kinds(drafted(event, bots=("*",), authors=("ada", "sync[bot]"))) == ["agent"]


@pytest.mark.parametrize("text", ["/agent fix it", "thanks", "", None])
@pytest.mark.parametrize("who", [BOT, MALLORY, None])
def test_an_event_that_is_asked_for_makes_its_task_whatever_it_says_but_not_for_a_stranger(
    who: Author | None, text: str | None
) -> None:
    event = an_event(author=who, text=text)

    of_anybody = drafted(event, events=EVENTS, commands=("none",))
    of_few = drafted(event, events=EVENTS, authors=("ada",))
    of_all = drafted(an_event(author=ADA, text=text), events=EVENTS, authors=("ada",))

    assert kinds(of_anybody) == ["issue_comment.created"]
    assert kinds(of_few) == []
    assert of_few.notes
    assert kinds(of_all)[-1] == "issue_comment.created"


@pytest.mark.parametrize("text", ["/agent fix it", "thanks", None])
@pytest.mark.parametrize("who", [US, Author(name="SignalBox")])
def test_nothing_is_made_of_what_our_own_account_does(who: Author, text: str | None) -> None:
    made = drafted(an_event(author=who, text=text), events=EVENTS, bots=("*",))

    assert made.tasks == ()
    assert made.notes == (f"issue_comment.created: {who.name} is our own account",)


def test_our_own_account_is_the_one_that_is_mentioned() -> None:
    event = an_event(author=US, text="/agent fix it")

    assert kinds(drafted(event, bots=("*",), mention="octo-agent")) == ["agent"]


def test_what_our_own_account_wrote_commands_nothing_when_somebody_edits_it() -> None:
    made = drafted(an_event(author=ADA, writer=US), events=EVENTS, bots=("*",))

    assert kinds(made) == ["issue_comment.created"]
    assert made.notes == (
        "issue_comment.created: Signalbox[bot], who wrote the text, is our own account",
    )


def test_nothing_is_made_of_a_text_with_our_marker() -> None:
    made = drafted(an_event(text="<!-- signalbox:task=tsk_1 -->\n/agent go"), events=EVENTS)

    assert made.tasks == ()
    assert made.notes == ("issue_comment.created: the text carries our own marker <!-- signalbox:",)


def test_a_text_that_was_moved_commands_nothing_and_its_event_may_be_a_task() -> None:
    event = an_event(moved=True)

    made = drafted(event, events=EVENTS)

    assert kinds(made) == ["issue_comment.created"]
    assert made.notes == (
        "issue_comment.created: the text was moved here, and what is moved commands nothing",
    )
    assert kinds(drafted(event)) == []


def test_it_is_told_which_commands_the_source_does_not_list() -> None:
    made = drafted(an_event(text="/run\n/agent go\n/deploy"), commands=("agent",))

    assert kinds(made) == ["agent"]
    assert made.notes == (
        "issue_comment.created: the source does not list the command run",
        "issue_comment.created: the source does not list the command deploy",
    )


@pytest.mark.parametrize(("before", "new"), [(None, ""), ("/run", "new ")])
def test_it_is_told_that_nothing_was_found(before: str | None, new: str) -> None:
    made = drafted(an_event(text="/run" if before else "thanks", previous_text=before))

    expected = f"no {new}command in it, and the source makes no task of the event"
    assert made.notes == (f"issue_comment.created: {expected}",)


@pytest.mark.parametrize(
    "less",
    [
        {"mention": "octo-agent"},
        {"commands": ("agent",)},
    ],
)
def test_the_task_of_an_event_has_its_id_whatever_counts_as_a_command(less: dict[str, Any]) -> None:
    event = an_event(text="@signalbox run tests\n/run more")

    all_, some = drafted(event, events=EVENTS), drafted(event, events=EVENTS, **less)

    assert kinds(all_) == ["run", "run", "issue_comment.created"]
    assert kinds(some)[-1:] == ["issue_comment.created"]
    assert ids(some)[-1] == ids(all_)[-1]


def test_the_tasks_of_two_events_are_two_and_so_are_those_of_two_deliveries() -> None:
    event = an_event(text=None)

    here = drafted(event, event, events=EVENTS)
    there = drafted(event, events=EVENTS, key="another delivery")

    assert len(set(ids(here) + ids(there))) == 3
    assert ids(here) == ids(drafted(event, event, events=EVENTS))


def test_a_command_of_one_comment_is_one_task_whichever_delivery_brings_it() -> None:
    event = an_event(text="/agent fix 'the login'")

    first = drafted(event, key="one")
    again = drafted(replace(event, text='moved\n/agent  fix "the login"'), key="two")
    other = drafted(replace(event, thread="issue_comment/2"), key="two")

    assert ids(first) == ids(again) != ids(other)


def test_a_command_without_a_comment_is_named_by_its_delivery_and_event() -> None:
    event = an_event(thread=None, text="/deploy\n/run a")

    both, one_of_them = drafted(event), drafted(event, commands=("run",))
    second = drafted(an_event(thread=None, text=""), event)
    elsewhere = drafted(event, key="another delivery")

    assert ids(both)[1:] == ids(one_of_them)
    assert len({*ids(both), *ids(second), *ids(elsewhere)}) == 6


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [("failure", True), ("timed_out", True), ("fail*", True), ("success", False)],
)
def test_an_event_is_asked_for_by_what_its_detail_counts_as_too(
    pattern: str,
    asked: bool,  # noqa: FBT001
) -> None:
    event = an_event(
        type="workflow_run.completed", detail="timed_out", counts_as=("failure",), text=None
    )

    made = drafted(event, events=(f"workflow_run.completed:{pattern}",))

    assert bool(made.tasks) is asked


def test_a_plan_is_summed_up_by_its_tasks() -> None:
    one, two = drafted(an_event(text="/run a")), drafted(an_event(text="/run a\n/retest"))

    assert one.summary == f"Task {ids(one)[0]} (run)"
    assert two.summary == f"Tasks {ids(two)[0]} (run), {ids(two)[1]} (retest)"


def test_a_plan_without_tasks_is_summed_up_by_its_notes() -> None:
    refused = drafted(an_event(text="/run", author=MALLORY), authors=("ada",))

    assert refused.summary == f"No task: {NOT_THE_AUTHOR}"


def _only_ada(_source: Source, _event: Event, person: Author) -> str | None:
    return None if person.name == "ada" else f"{person.name} has no write access"


@pytest.mark.parametrize(
    ("author", "writer", "note"),
    [
        ("ada", "ada", None),
        ("ada", None, None),
        ("mallory", "mallory", "mallory has no write access"),
        ("ada", "mallory", "mallory has no write access"),
        ("mallory", "ada", "mallory has no write access"),
        (None, None, "names nobody"),
    ],
)
def test_both_who_sends_and_who_wrote_a_command_need_permission(
    author: str | None, writer: str | None, note: str | None
) -> None:
    event = replace(
        an_event(text="/agent go"),
        author=Author(name=author) if author else None,
        writer=Author(name=writer) if writer else None,
    )
    sent = replace(received(a_source(permission=CommandPermission.REQUIRED)), permission=_only_ada)

    plan = plan_tasks(ParsedPayload(type=event.type, events=(event,)), sent)

    assert len(plan.tasks) == (0 if note else 1)
    assert note is None or note in plan.notes[0]


def test_permission_is_asked_only_for_commands_that_count() -> None:
    def never(_source: Source, _event: Event, person: Author) -> str | None:
        raise AssertionError(person)

    texts = {"no command": {}, "/agent go": {"commands": ("deploy",)}}
    for text, limits in texts.items():
        event = an_event(text=text)
        sent = replace(
            received(a_source(permission=CommandPermission.REQUIRED, **limits)), permission=never
        )

        assert not plan_tasks(ParsedPayload(type=event.type, events=(event,)), sent).tasks


@pytest.mark.parametrize("allowed", [{"permission": CommandPermission.OFF}, {"authors": ("ada",)}])
def test_a_list_of_authors_and_an_explicit_off_need_no_permission(
    allowed: dict[str, object],
) -> None:
    event = replace(an_event(text="/agent go"), author=ADA, writer=ADA)
    sent = received(a_source(**({"permission": CommandPermission.REQUIRED} | allowed)))

    assert len(plan_tasks(ParsedPayload(type=event.type, events=(event,)), sent).tasks) == 1


def test_a_task_awaits_approval_if_the_source_demands_it_for_its_kind() -> None:
    rule = ApprovalRule(kinds=("deploy*",), expires_minutes=60)
    event = an_event(text="/deploy production", author=ADA)

    task = one(event, approval=rule, commands=("deploy", "fix"))
    other = one(an_event(text="/fix it"), approval=rule, commands=("deploy", "fix"))

    assert task.approval
    assert task.status is task.last_step.status is TaskStatus.AWAITING_APPROVAL
    assert task.approval.expires_at == NOW + timedelta(hours=1)
    assert task.approval.requester == "github:ada"
    assert (other.status, other.approval) == (TaskStatus.PENDING, None)


def test_the_requester_may_approve_if_the_source_says_so() -> None:
    task = one(
        an_event(text="/deploy it", author=ADA),
        approval=ApprovalRule(by_requester=True),
        commands=("deploy",),
    )

    assert task.approval
    assert task.approval.requester is None


TASK = f"tsk_{'a' * 24}"


@pytest.mark.parametrize("verb", ["approve", "reject", "cancel", "retry"])
def test_a_command_that_names_a_task_acts_on_it(verb: str) -> None:
    event = an_event(text=f"/{verb} {TASK} not before\tnoon", author=ADA, repository="a/b")

    plan = drafted(event)

    [action] = plan.actions
    assert plan.tasks == ()
    assert (action.verb, action.task, action.by) == (verb, TASK, "github:ada")
    assert (action.repository, action.reason) == ("a/b", "not before noon")


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_an_approval_must_name_its_task(verb: str) -> None:
    plan = drafted(an_event(text=f"/{verb} the last one"))

    assert (plan.tasks, plan.actions) == ((), ())
    assert plan.notes == (f"issue_comment.created: {verb} names no task: /{verb} tsk_…",)


@pytest.mark.parametrize("text", ["/cancel the build", "/retry", "@signalbox retry all"])
def test_cancel_and_retry_without_a_task_are_commands_like_others(text: str) -> None:
    assert len(drafted(an_event(text=text)).tasks) == 1


def test_who_may_give_no_command_may_act_on_no_task() -> None:
    plan = drafted(an_event(text=f"/approve {TASK}", author=MALLORY), authors=("ada",))

    assert plan.actions == ()
    assert plan.notes == (NOT_THE_AUTHOR,)
