"""What the command line changes stands in the audit log."""

import getpass
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from cli.admin.audit import CommandAudit
from cli.errors import CommandError
from cli.stack import Stack
from signalbox.models.audit import AuditEvent, AuditRecord, AuditResult, day_of
from signalbox.models.errors import Unavailable
from signalbox.services.audit import RecordAudit, VerifyAudit
from signalbox.services.ports.time import utc_now
from tests.commands.conftest import CommandLine
from tests.fakes.audit import FakeAuditStore
from tests.fakes.clock import FakeClock

SOURCE = "sources/github/default"
CANARY = "Ca2Na3Ry4Zz5Qq6Ww7-canary"
MANIFEST = "sources: [{provider: github}]\nconnections: [{id: team, connector: slack}]"


def a_trail(store: FakeAuditStore) -> CommandAudit:
    record = RecordAudit(store=store, clock=FakeClock(), random=Random(1))
    return CommandAudit(record=record, who=lambda: "user/ada", clock=FakeClock())


def entries_of(store: FakeAuditStore) -> list[AuditEvent]:
    return [
        AuditRecord.model_validate_json(document).entry
        for rows in store.days.values()
        for document in rows.values()
    ]


def recorded(stack: Stack) -> list[AuditEvent]:
    rows = stack.audit.oldest(day_of(utc_now()))
    return [AuditRecord.model_validate_json(kept.document).entry for kept in rows]


def summary(entries: Sequence[AuditEvent]) -> list[tuple[str, str, str]]:
    return [(entry.action, entry.object, entry.result) for entry in entries]


def test_a_change_leaves_one_entry() -> None:
    store = FakeAuditStore()

    with a_trail(store)("keys create", "key 1"):
        pass

    (entry,) = entries_of(store)
    assert (entry.actor, entry.action, entry.object) == ("cli:user/ada", "keys create", "key 1")
    assert (entry.result, entry.request_id[:4]) == (AuditResult.ALLOWED, "req_")


def test_the_entries_of_one_command_have_one_id() -> None:
    store = FakeAuditStore()
    audit_trail = a_trail(store)

    for thing in ("a", "b"):
        with audit_trail("apply add", thing):
            pass

    assert len({entry.request_id for entry in entries_of(store)}) == 1
    assert len(entries_of(store)) == 2


def test_a_change_that_fails_leaves_an_entry_as_it_may_have_been_made() -> None:
    store = FakeAuditStore()

    with pytest.raises(Unavailable, match="no answer"), a_trail(store)("secrets set", "a"):
        raise Unavailable("no answer")

    assert [entry.result for entry in entries_of(store)] == [AuditResult.FAILED]


def test_what_is_refused_before_it_is_tried_leaves_none() -> None:
    store = FakeAuditStore()

    with pytest.raises(CommandError, match="odd"), a_trail(store)("secrets set", "a"):
        raise CommandError("odd")

    assert not entries_of(store)


def test_nothing_is_changed_by_somebody_who_cannot_be_named() -> None:
    def nobody() -> str:
        raise Unavailable("STS did not answer")

    audit_trail = CommandAudit(
        record=a_trail(FakeAuditStore()).record, who=nobody, clock=FakeClock()
    )
    changed = False

    with pytest.raises(Unavailable, match="STS"), audit_trail("secrets set", "a"):
        changed = True

    assert not changed


def test_an_entry_that_is_lost_is_said_after_the_change() -> None:
    def record(entry: AuditEvent) -> AuditRecord:
        raise Unavailable(f"no place for {entry.action}")

    audit_trail = CommandAudit(record=record, who=lambda: "user/ada", clock=FakeClock())

    with (
        pytest.raises(CommandError, match=r"^keys create key 1 is done, but .*: no place for"),
        audit_trail("keys create", "key 1"),
    ):
        pass


def test_every_change_on_the_command_line_leaves_one_entry(
    on_aws: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "signalbox.yaml"
    path.write_text(MANIFEST)
    empty = tmp_path / "empty.yaml"
    empty.write_text("")

    made = on_aws("keys", "create", "ci", "--role", "viewer").out.strip()
    (key,) = stack.keys.all()
    result = [
        on_aws("keys", "revoke", key.id),
        on_aws("secrets", "set", SOURCE, given=CANARY),
        on_aws("secrets", "rotate", SOURCE, given=f"{CANARY}-2"),
        on_aws("secrets", "rotate", SOURCE, "--drop-previous"),
        on_aws("apply", "-f", str(path), "--dry-run"),
        on_aws("apply", "-f", str(path)),
        on_aws("apply", "-f", str(path)),
        on_aws("apply", "-f", str(empty), "--prune"),
    ]

    entries = recorded(stack)
    assert [each.code for each in result] == [0] * 8
    assert summary(entries) == [
        ("keys create", f"key {key.id}", "allowed"),
        ("keys revoke", f"key {key.id}", "allowed"),
        ("secrets set", SOURCE, "allowed"),
        ("secrets rotate", SOURCE, "allowed"),
        ("secrets rotate --drop-previous", SOURCE, "allowed"),
        ("apply add", "connection team", "allowed"),
        ("apply add", "source github/default", "allowed"),
        ("apply remove", "connection team", "allowed"),
        ("apply remove", "source github/default", "allowed"),
    ]
    assert {entry.actor for entry in entries} == {"cli:user/moto"}
    assert key.created_by == "cli:user/moto"
    assert CANARY not in str(entries)
    assert made not in str(entries)
    assert VerifyAudit(store=stack.audit)(day_of(utc_now())) is None


def test_what_is_refused_leaves_no_entry(on_aws: CommandLine, stack: Stack) -> None:
    result = [
        on_aws("keys", "create", "ci", "--role", "boss"),
        on_aws("keys", "revoke", "nobody"),
        on_aws("secrets", "set", SOURCE, given=""),
        on_aws("secrets", "rotate", SOURCE, "--drop-previous"),
    ]

    assert [each.code for each in result] == [1] * 4
    assert recorded(stack) == []


def test_a_change_without_its_entry_is_there_and_the_command_fails(
    on_aws: CommandLine, stack: Stack
) -> None:
    stack.session.client("dynamodb").delete_table(TableName=stack.outputs.audit_table)

    key = on_aws("keys", "create", "ci", "--role", "viewer")
    secret = on_aws("secrets", "set", SOURCE, "--generate")

    assert (key.code, secret.code) == (1, 1)
    assert "is done, but the audit log does not tell of it" in key.err
    assert key.out.startswith("sbx_test_"), "it opens what it may, so it is recorded"
    assert len(stack.keys.all()) == 1
    assert stack.secrets.refresh(SOURCE) == (secret.out.strip(),)


def test_applying_stops_at_the_first_change_without_its_entry(
    on_aws: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    stack.session.client("dynamodb").delete_table(TableName=stack.outputs.audit_table)
    path = tmp_path / "signalbox.yaml"
    path.write_text(MANIFEST)

    result = on_aws("apply", "-f", str(path))

    assert result.code == 1
    assert "apply add connection team is done, but" in result.err
    assert (len(stack.config.connections()), len(stack.config.sources())) == (1, 0)


def test_on_the_local_stack_it_is_whoever_is_logged_in(stack: Stack) -> None:
    here = replace(stack, endpoint_url="http://127.0.0.1:9")

    assert here.caller == getpass.getuser()
