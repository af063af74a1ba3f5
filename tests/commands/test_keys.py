import json
from datetime import timedelta

import pytest

from cli.admin.keys import KeyRow
from cli.stack import Stack
from signalbox.auth.api_keys import KeyAuthenticator
from signalbox.auth.identity import IDENTITY_KEY_NAME, new_identity_key
from signalbox.models.audit import day_of
from signalbox.models.errors import Unauthenticated
from signalbox.models.principal import Role, Scope
from signalbox.services.ports.time import utc_now
from tests.builders import NOW, an_api_key
from tests.commands.conftest import CommandLine


def test_a_made_key_opens_what_its_roles_open(on_aws: CommandLine, stack: Stack) -> None:
    words = ("--role=worker", "--scope=tasks:write", "--expires=1d")

    text = on_aws("keys", "create", "ci", *words).out.strip()

    (stored,) = stack.keys.all()
    keys = KeyAuthenticator(store=stack.keys, clock=utc_now, environment="test")
    scopes = keys.authenticate(text).scopes
    assert {Scope.TASKS_WORK, Scope.TASKS_WRITE} <= scopes
    assert Scope.KEYS_WRITE not in scopes
    assert stored.expires_at is not None
    assert timedelta(hours=23) < stored.expires_at - utc_now() < timedelta(hours=25)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("ci", [], "--role or --scope"),
        ("ci", ["--role=boss"], "there is no role boss"),
        ("ci", ["--scope=tasks:all"], "no such scope: tasks:all"),
        ("C I", ["--role=worker"], "expects a name"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    on_aws: CommandLine, stack: Stack, name: str, options: list[str], words: str
) -> None:
    result = on_aws("keys", "create", name, *options)

    assert result.code == 1
    assert words in result.err
    assert not stack.keys.all()


def test_a_revoked_key_stays_revoked_since_when_it_was(on_aws: CommandLine, stack: Stack) -> None:
    stack.keys.put(an_api_key(revoked_at=NOW))

    result = on_aws("keys", "revoke", "0123456789ab")

    (stored,) = stack.keys.all()
    assert (result.code, stored.revoked_at) == (0, NOW)


def test_an_unknown_key_cannot_be_revoked(on_aws: CommandLine) -> None:
    result = on_aws("keys", "revoke", "x")

    assert result.code == 1
    assert "there is no such key" in result.err


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "active"),
        ({"expires_at": NOW}, "expired"),
        ({"expires_at": NOW + timedelta(seconds=1)}, "active"),
        ({"revoked_at": NOW, "expires_at": NOW}, "revoked"),
    ],
)
def test_a_list_says_whether_a_key_is_good(changes: dict[str, object], status: str) -> None:
    view = KeyRow.of(an_api_key(**changes), NOW)

    assert view.status == status
    assert "digest" not in view.model_dump()


def test_a_key_is_printed_once_and_only_its_hash_is_kept(on_aws: CommandLine, stack: Stack) -> None:
    result = on_aws("keys", "create", "ci", "--role", "worker", "--expires", "90d")

    text = result.out.strip()
    (kept,) = stack.keys.all()
    assert result.code == 0
    assert text.startswith("sbx_test_")
    assert text not in kept.model_dump_json()
    assert text not in result.err
    assert text not in on_aws("keys", "list").out


def test_a_key_may_have_a_role_that_operators_have_named(on_aws: CommandLine, stack: Stack) -> None:
    stack.config.put(Role(name="auditor", scopes=(Scope.AUDIT_READ,)))

    result = on_aws("keys", "create", "ci", "--role", "auditor")

    (kept,) = stack.keys.all()
    assert (result.code, kept.roles) == (0, ("auditor",))


def test_a_role_that_is_not_there_is_refused_with_those_that_are(
    on_aws: CommandLine, stack: Stack
) -> None:
    stack.config.put(Role(name="auditor", scopes=(Scope.AUDIT_READ,)))

    result = on_aws("keys", "create", "ci", "--role", "auditer")

    assert result.code == 1
    assert "auditer; there are viewer, worker, operator, admin, auditor" in result.err
    assert not stack.keys.all()


def test_a_key_for_programs_is_an_object(on_aws: CommandLine) -> None:
    result = on_aws("keys", "create", "ci", "--role", "viewer", "--json")

    assert sorted(json.loads(result.out)) == ["expires_at", "id", "key"]


def test_a_key_revoked_on_the_command_line_opens_nothing(on_aws: CommandLine, stack: Stack) -> None:
    text = on_aws("keys", "create", "ci", "--role", "worker").out.strip()
    listed = json.loads(on_aws("keys", "list", "--json").out)

    result = on_aws("keys", "revoke", listed[0]["id"])

    assert result.code == 0
    with pytest.raises(Unauthenticated):
        KeyAuthenticator(store=stack.keys, clock=utc_now, environment="test").authenticate(text)


@pytest.mark.parametrize("span", ["soon", "90", "d", "0d", "-1d", "²d", "9999999d"])
def test_an_odd_span_is_wrong_usage(span: str) -> None:
    result = CommandLine()("keys", "create", "ci", "--role", "worker", f"--expires={span}")

    assert result.code == 2


def test_the_key_of_identities_is_replaced_and_that_is_in_the_audit_log(
    on_aws: CommandLine, stack: Stack
) -> None:
    stack.secrets.put(IDENTITY_KEY_NAME, [new_identity_key()])

    rotated = on_aws("keys", "rotate-identity", "--json")
    early = on_aws("keys", "rotate-identity")
    dropped = on_aws("keys", "rotate-identity", "--at-once", "--json")

    (kept,) = stack.secrets.refresh(IDENTITY_KEY_NAME)
    day = day_of(utc_now())
    actions = [json.loads(row.document)["entry"]["action"] for row in stack.audit.oldest(day)]
    assert (rotated.code, early.code, dropped.code) == (0, 1, 0)
    assert "does not sign yet" in early.err
    assert json.loads(kept)["kid"] == json.loads(dropped.out)["kid"]
    assert actions == ["keys rotate-identity", "keys rotate-identity --at-once"]
    assert json.loads(kept)["d"] not in rotated.out + early.out + dropped.out + dropped.err
