"""signalbox notifications, and signalbox connections."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from signalbox.models.hold import DISABLED, held
from signalbox.models.notification import Notification, begun, delivered, refused
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.pagination import Window
from tests.builders import NOW, a_connection, a_notification, a_subscription, a_task
from tests.commands.conftest import CommandLine
from tests.commands.served import Served

NOBODYS = f"tsk_{24 * 'a'}/ntf_{24 * 'a'}"


def queued(served: Served) -> Notification:
    note = a_notification()
    assert served.wiring.notifications.create(note)
    return note


def failed(served: Served) -> Notification:
    note = refused(a_notification(), "channel_not_found", NOW)
    assert served.wiring.notifications.create(note)
    return note


def name_of(note: Notification) -> str:
    return f"{note.task_id}/{note.id}"


def test_a_list_is_narrowed_and_names_each_as_it_can_be_shown(
    signalbox: CommandLine, served: Served
) -> None:
    open_, over = queued(served), failed(served)

    table = signalbox("notifications", "list", "--status=failed", "--connection=team-slack").out
    of_task = json.loads(signalbox("notifications", "list", "--task", open_.task_id, "--json").out)

    assert name_of(over) in table
    assert name_of(open_) not in table
    assert [row["id"] for row in of_task] == [open_.id]


def test_a_notification_is_shown_with_its_attempts(signalbox: CommandLine, served: Served) -> None:
    note = failed(served)

    result = signalbox("notifications", "show", name_of(note))

    assert "2026-03-01 12:00:00  refused  channel_not_found" in result.out


def test_what_has_failed_is_owed_once_more(signalbox: CommandLine, served: Served) -> None:
    note = failed(served)

    result = signalbox("notifications", "redeliver", name_of(note), "--json")

    assert json.loads(result.out)["status"] == "queued"


def test_what_is_owed_already_is_refused(signalbox: CommandLine, served: Served) -> None:
    result = signalbox("notifications", "redeliver", name_of(queued(served)))

    assert result.code == 1
    assert "409 conflict: the notification is queued" in result.err


@pytest.mark.parametrize("verb", ["show", "redeliver"])
@pytest.mark.parametrize(
    ("name", "problem"),
    [(NOBODYS, "404 not_found: there is no such notification"), ("ntf_x", "tsk_…/ntf_…")],
)
def test_a_notification_that_is_not_there_is_said_so(
    signalbox: CommandLine, verb: str, name: str, problem: str
) -> None:
    result = signalbox("notifications", verb, name)

    assert result.code == 1
    assert problem in result.err


def test_the_connections_are_listed(signalbox: CommandLine, served: Served) -> None:
    served.wiring.config.put(a_connection())

    table = signalbox("connections", "list").out
    (row,) = json.loads(signalbox("connections", "list", "--json").out)

    assert "channel=C024BE91L" in table
    assert row["id"] == "team-slack"


def test_a_test_of_a_connection_can_be_looked_at(signalbox: CommandLine, served: Served) -> None:
    served.wiring.config.put(a_connection())

    queued = json.loads(signalbox("connections", "test", "team-slack", "--no-wait", "--json").out)

    shown = signalbox("notifications", "show", f"{queued['task_id']}/{queued['id']}")
    assert "signalbox.test" in shown.out


def test_a_connection_that_is_not_there_is_said_so(signalbox: CommandLine) -> None:
    result = signalbox("connections", "test", "nobody")

    assert result.code == 1
    assert "404 not_found: there is no such connection" in result.err


@pytest.mark.parametrize(
    ("ended", "code", "problem"),
    [
        (lambda note: delivered(note, NOW), 0, ""),
        (lambda note: refused(note, "channel_not_found", NOW), 1, "not delivered: failed"),
    ],
    ids=["delivered", "refused"],
)
def test_a_test_of_a_connection_waits_for_its_outcome(
    signalbox: CommandLine,
    served: Served,
    ended: Callable[[Notification], Notification],
    code: int,
    problem: str,
) -> None:
    served.wiring.config.put(a_connection())

    def end() -> None:
        with served.one_at_a_time:
            store = served.wiring.notifications
            (queued,) = store.batch_get(
                store.newest([NotificationStatus.QUEUED], Window())
            ).values()
            store.replace(queued, ended(begun(queued, NOW, NOW)))

    timer = Timer(0.8, end)
    timer.start()
    result = signalbox("connections", "test", "team-slack")
    timer.join()

    assert (result.code, problem in result.err) == (code, True)


def test_a_test_that_does_not_end_in_time_is_no_success(
    signalbox: CommandLine, served: Served
) -> None:
    served.wiring.config.put(a_connection())

    result = signalbox("connections", "test", "team-slack", "--timeout=0.1")

    assert result.code == 1
    assert "the test is queued after 0.1 s" in result.err


def test_the_message_of_a_template_is_shown_before_it_is_applied(
    signalbox: CommandLine, served: Served, tmp_path: Path
) -> None:
    template = tmp_path / "message.txt"
    template.write_text("{{ change }}: {{ title }}, {{ result.summary }}")
    task = served.add(a_task(title="Fix the login"))

    example = signalbox("notifications", "preview", f"--template={template}")
    of_task = signalbox(
        "notifications", "preview", f"--template={template}", f"--task={task.id}", "--change=failed"
    )

    assert example.out.strip() == "succeeded: fix: the login, The login works again."
    assert of_task.out.strip() == "failed: Fix the login,"


def test_the_template_of_a_subscription_is_shown(signalbox: CommandLine, served: Served) -> None:
    served.wiring.config.put(a_subscription(template="{{ kind }} is {{ status }}"))

    assert signalbox("notifications", "preview", "--subscription=to-slack").out.strip() == (
        "fix is succeeded"
    )


def test_a_template_that_cannot_be_used_is_refused_with_its_line(
    signalbox: CommandLine, tmp_path: Path
) -> None:
    template = tmp_path / "message.txt"
    template.write_text("ok\n{{ titel }}")

    result = signalbox("notifications", "preview", f"--template={template}")

    assert result.code == 1
    assert 'line 2: there is no field "titel"; did you mean "title"?' in result.err


@pytest.mark.parametrize("options", [(), ("--subscription=a", "--template=b")])
def test_a_preview_is_of_one_template(signalbox: CommandLine, options: tuple[str, ...]) -> None:
    result = signalbox("notifications", "preview", *options)

    assert result.code == 1
    assert "either a --subscription or a --template" in result.err


def test_all_that_failed_lately_is_redelivered_and_a_dry_run_shows_which(
    signalbox: CommandLine, served: Served
) -> None:
    note = failed(served)
    args = ("notifications", "redeliver", "--connection=team-slack", "--since=2026-03-01")

    tried = signalbox(*args, "--dry-run")
    status = served.wiring.notifications.get(note.task_id, note.id).status
    done = signalbox(*args)
    nothing = signalbox(*args)

    assert f"{name_of(note)}  would be sent again to team-slack" in tried.out
    assert status is NotificationStatus.FAILED
    assert f"{name_of(note)}  is sent again to team-slack" in done.out
    assert "no notification fits" in nothing.out


def test_a_time_may_be_so_long_ago(signalbox: CommandLine, served: Served) -> None:
    note = failed(served)  # long ago, by the clock of this machine

    lately = signalbox("notifications", "redeliver", "--since=2h", "--dry-run")
    before = signalbox("notifications", "redeliver", "--until=2h", "--dry-run")

    assert "no notification fits" in lately.out
    assert name_of(note) in before.out


@pytest.mark.parametrize(
    "args",
    [(), (NOBODYS, "--status=dead"), (NOBODYS, "--dry-run"), ("--since=yesterday",)],
    ids=["nothing", "both", "dry run of one", "no time"],
)
def test_what_to_redeliver_must_be_clear(signalbox: CommandLine, args: tuple[str, ...]) -> None:
    result = signalbox("notifications", "redeliver", *args)

    assert result.code == 2


def test_a_held_notification_shows_why_it_waits(signalbox: CommandLine, served: Served) -> None:
    note = held(a_notification(), DISABLED, NOW)
    served.wiring.notifications.create(note)

    table = signalbox("notifications", "list").out
    shown = signalbox("notifications", "show", name_of(note)).out

    assert "held: the connection is disabled" in " ".join(table.split())
    assert "the connection is disabled" in shown
