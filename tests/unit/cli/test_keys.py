import json
from datetime import timedelta

import pytest

from cli.admin.keys import KeyRow, create_api_key, revoke_api_key
from cli.errors import CommandError
from cli.stack import Stack
from signalbox.auth.api_keys import KeyAuthenticator
from signalbox.models.errors import Unauthenticated
from signalbox.models.ids import KeyId
from signalbox.models.principal import Role, Scope
from signalbox.services.ports.time import utc_now
from tests.builders import NOW, an_api_key
from tests.fakes.config import FakeKeyStore
from tests.unit.cli.conftest import CommandLine


def test_a_made_key_opens_what_its_roles_open() -> None:
    new = create_api_key(
        environment="test",
        name="ci",
        roles=["worker"],
        scopes=["tasks:write"],
        expires=timedelta(days=1),
        by="cli:ada",
        now=NOW,
    )

    keys = KeyAuthenticator(store=FakeKeyStore(new.stored), clock=lambda: NOW, environment="test")
    scopes = keys.authenticate(new.text).scopes
    assert {Scope.TASKS_WORK, Scope.TASKS_WRITE} <= scopes
    assert Scope.KEYS_WRITE not in scopes
    assert new.stored.expires_at == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "roles", "scopes", "words"),
    [
        ("ci", [], [], "--role or --scope"),
        ("ci", ["boss"], [], "no such role: boss"),
        ("ci", [], ["tasks:all"], "no such scope: tasks:all"),
        ("C I", ["worker"], [], "is no name"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    name: str, roles: list[str], scopes: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        create_api_key(
            environment="test",
            name=name,
            roles=roles,
            scopes=scopes,
            expires=None,
            by="cli:ada",
            now=NOW,
        )


def test_a_revoked_key_stays_revoked_since_when_it_was() -> None:
    store = FakeKeyStore(an_api_key())
    first = revoke_api_key(store, "0123456789ab", NOW)

    again = revoke_api_key(store, "0123456789ab", NOW + timedelta(hours=1))

    assert first.revoked_at == again.revoked_at == NOW
    assert store.kept[KeyId("0123456789ab")].revoked_at == NOW


def test_an_unknown_key_cannot_be_revoked() -> None:
    with pytest.raises(CommandError, match="there is no key x"):
        revoke_api_key(FakeKeyStore(), "x", NOW)


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
