from pathlib import Path

import pytest
from pydantic import JsonValue
from typer import BadParameter

from cli.admin.secrets import (
    SecretInput,
    check_name,
    drop_previous_secrets,
    replace_secret,
    rotate_secret,
)
from cli.errors import CommandError
from cli.stack import Stack
from signalbox.models.connection import Connection
from signalbox.models.ids import ConnectionId
from tests.builders import SECRET, a_source
from tests.commands.conftest import CommandLine
from tests.fakes.certificates import DAY, FakeAuthority
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeSecretStore
from tests.fakes.tokens import SECRET as TOKEN_SECRET
from tests.fakes.tokens import an_issuer

NAME = "sources/github/default"


def store(*secrets: str) -> FakeSecretStore:
    return FakeSecretStore(FakeClock(), {NAME: secrets})


def kept(secrets: FakeSecretStore) -> tuple[str, ...]:
    return secrets._there[NAME]


def test_a_secret_that_is_set_is_the_only_one() -> None:
    secrets = store("old", "older")

    replace_secret(secrets, NAME, SECRET)

    assert kept(secrets) == (SECRET,)


def test_a_rotated_secret_goes_before_the_one_that_was_current() -> None:
    secrets = store("old", "older")

    count = rotate_secret(secrets, NAME, "new")

    assert (count, kept(secrets)) == (2, ("new", "old"))


def test_a_rotation_that_is_repeated_keeps_the_overlap() -> None:
    secrets = store("old")
    rotate_secret(secrets, NAME, "new")
    again = store(*kept(secrets))

    rotate_secret(again, NAME, "new")

    assert kept(again) == ("new", "old")


def test_the_first_secret_has_none_before_it() -> None:
    secrets = store()

    assert rotate_secret(secrets, NAME, "new") == 1
    assert kept(secrets) == ("new",)


def test_the_end_of_the_overlap_leaves_the_current_secret() -> None:
    secrets = store("new", "old")

    drop_previous_secrets(secrets, NAME)

    assert kept(secrets) == ("new",)


def test_there_is_no_overlap_to_end_without_a_secret() -> None:
    with pytest.raises(CommandError, match="has no secret"):
        drop_previous_secrets(store(), NAME)


def test_a_secret_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", f"{SECRET}\n")

    assert SecretInput(variable="HOOK_SECRET").read() == SECRET


@pytest.mark.parametrize("value", ["", "  ", "x" * 1_901, "é" * 951])
def test_what_cannot_be_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HOOK_SECRET", value)

    with pytest.raises(CommandError):
        SecretInput(variable="HOOK_SECRET").read()


def test_a_generated_secret_is_long_and_new() -> None:
    made = {SecretInput(generate=True).read() for _ in range(10)}

    assert len(made) == 10
    assert all(len(secret) == 43 for secret in made)


def test_a_secret_given_on_standard_input_is_kept_and_never_shown(
    on_aws: CommandLine, stack: Stack
) -> None:
    result = on_aws("secrets", "set", NAME, given=f"{SECRET}\n")

    assert result.code == 0
    assert stack.secrets.refresh(NAME) == (SECRET,)
    assert SECRET not in result.out + result.err


def test_a_generated_secret_is_shown_this_once(on_aws: CommandLine, stack: Stack) -> None:
    result = on_aws("secrets", "set", NAME, "--generate")

    assert stack.secrets.refresh(NAME) == (result.out.strip(),)


def test_a_rotation_and_its_end_on_the_command_line(on_aws: CommandLine, stack: Stack) -> None:
    on_aws("secrets", "set", NAME, given=SECRET)

    begun = on_aws("secrets", "rotate", NAME, given="another-secret-of-ours")
    overlap = stack.secrets.refresh(NAME)
    ended = on_aws("secrets", "rotate", NAME, "--drop-previous")

    assert (begun.code, ended.code) == (0, 0)
    assert overlap == ("another-secret-of-ours", SECRET)
    stack.secrets._asked.clear()
    assert stack.secrets.refresh(NAME) == ("another-secret-of-ours",)


def test_a_short_secret_of_a_source_is_warned_of(on_aws: CommandLine) -> None:
    result = on_aws("secrets", "set", NAME, given="short")

    assert "can be guessed" in result.err


def test_the_secret_of_an_issuer_is_set_where_functions_read_it(
    on_aws: CommandLine, stack: Stack
) -> None:
    issuer = an_issuer(jwks=None, shared_secret=True)

    made = on_aws("secrets", "set", "issuers/corp", "--generate").out.strip()
    rotated_ = on_aws("secrets", "rotate", "issuers/corp", given=TOKEN_SECRET)

    assert rotated_.code == 0
    assert stack.secrets.refresh(issuer.secret) == (TOKEN_SECRET, made)


@pytest.mark.parametrize("verb", ["set", "rotate"])
def test_a_secret_that_no_token_is_verified_with_is_refused(
    on_aws: CommandLine, stack: Stack, verb: str
) -> None:
    result = on_aws("secrets", verb, "issuers/corp", given="x" * 31)

    assert result.code == 1
    assert "32 bytes" in result.err
    assert stack.secrets.refresh("issuers/corp") == ()


@pytest.mark.parametrize("verb", ["set", "rotate"])
@pytest.mark.parametrize("name", [NAME, "connections/team"])
def test_a_placeholder_is_no_secret(
    on_aws: CommandLine, stack: Stack, verb: str, name: str
) -> None:
    result = on_aws("secrets", verb, name, given="ChangeMe\n")

    assert result.code == 1
    assert "a placeholder" in result.err
    assert stack.secrets.refresh(name) == ()


def test_the_token_of_a_source_is_set_where_functions_read_it(
    on_aws: CommandLine, stack: Stack
) -> None:
    first = on_aws("secrets", "set", "tokens/github/default", given="ghp-first\n")
    second = on_aws("secrets", "rotate", "tokens/github/default", given="ghp-second\n")

    assert (first.code, second.code) == (0, 0)
    assert stack.secrets.refresh(a_source().token_name) == ("ghp-second", "ghp-first")
    assert "ghp-" not in first.out + first.err + second.out + second.err


def test_a_token_that_no_header_can_carry_is_refused(on_aws: CommandLine, stack: Stack) -> None:
    result = on_aws("secrets", "set", "tokens/github/default", given="a canary")

    assert result.code == 1
    assert "no HTTP header" in result.err
    assert "canary" not in result.err
    assert stack.secrets.refresh("tokens/github/default") == ()


@pytest.mark.parametrize("verb", ["set", "rotate"])
def test_a_token_is_never_generated(verb: str) -> None:
    result = CommandLine()("secrets", verb, "tokens/github/default", "--generate")

    assert result.code == 2
    assert "comes from the provider" in result.err


@pytest.mark.parametrize("verb", ["set", "rotate"])
def test_a_bot_token_needs_a_connection_with_a_channel(
    on_aws: CommandLine, stack: Stack, verb: str
) -> None:
    name, token = "connections/team", "xoxb-1-canary"
    stack.config.put(Connection(id=ConnectionId("team"), connector="slack"))

    without = on_aws("secrets", verb, name, given=token)
    kept = stack.secrets.refresh(name)
    channel: dict[str, JsonValue] = {"channel": "C024BE91L"}
    stack.config.put(Connection(id=ConnectionId("team"), connector="slack", settings=channel))
    with_it = on_aws("secrets", verb, name, given=token)

    assert (without.code, kept, with_it.code) == (1, (), 0)
    assert "a bot token needs a channel" in without.err
    assert "canary" not in without.err


def test_a_connection_that_is_not_there_yet_may_have_its_secret(on_aws: CommandLine) -> None:
    assert on_aws("secrets", "set", "connections/team", given="xoxb-1").code == 0


def test_nothing_on_standard_input_changes_nothing(on_aws: CommandLine, stack: Stack) -> None:
    result = on_aws("secrets", "set", NAME, given="")

    assert result.code == 1
    assert stack.secrets.refresh(NAME) == ()


@pytest.mark.parametrize(
    "name",
    [
        "github",
        "sources/github",
        "sources/../x",
        "keys/cursor",
        "connections/a/b",
        "tokens/github",
        "issuers/a/b",
        "/a",
    ],
)
def test_a_name_of_no_secret_is_wrong_usage(name: str) -> None:
    assert CommandLine()("secrets", "set", name, "--generate").code == 2


CERTIFICATE = "connections/ci/certificate"


def test_a_client_certificate_is_read_from_standard_input(
    on_aws: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    pem = FakeAuthority(tmp_path).client_pem()

    result = on_aws("secrets", "set", CERTIFICATE, given=pem)

    assert result.code == 0
    assert stack.secrets.refresh(CERTIFICATE) == (pem.rstrip("\n"),)
    assert "PRIVATE" not in result.out + result.err


def test_a_chain_of_certificates_may_be_longer_than_other_secrets(
    on_aws: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    authority = FakeAuthority(tmp_path)
    pem = authority.client_pem() + authority.certificate * 8

    result = on_aws("secrets", "set", CERTIFICATE, given=pem)

    assert result.code == 0
    assert 4_096 < len(pem) < len(stack.secrets.refresh(CERTIFICATE)[0]) + 2


def test_a_client_certificate_that_cannot_be_used_is_refused(
    on_aws: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    pem = FakeAuthority(tmp_path).client_pem(left=-DAY)

    result = on_aws("secrets", "set", CERTIFICATE, given=pem)

    assert result.code != 0
    assert "has expired" in result.out + result.err
    assert stack.secrets.refresh(CERTIFICATE) == ()


@pytest.mark.parametrize("command", [("set", "--generate"), ("rotate", "--generate")])
def test_a_client_certificate_cannot_be_generated(
    on_aws: CommandLine, command: tuple[str, str]
) -> None:
    result = on_aws("secrets", command[0], CERTIFICATE, command[1])

    assert result.code == 2
    assert "cannot be generated" in result.out + result.err


def test_the_authorities_of_a_service_are_read_from_standard_input(
    on_aws: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    pem = FakeAuthority(tmp_path).certificate * 2

    result = on_aws("secrets", "set", "services/orders/ca", given=pem)

    assert result.code == 0
    assert stack.secrets.refresh("services/orders/ca") == (pem.rstrip("\n"),)


@pytest.mark.parametrize("given", ["not a certificate", "é", "the client's"])
def test_authorities_that_cannot_be_trusted_are_refused(
    on_aws: CommandLine, stack: Stack, tmp_path: Path, given: str
) -> None:
    pem = FakeAuthority(tmp_path).client_pem() if given == "the client's" else given

    result = on_aws("secrets", "set", "services/orders/ca", given=pem)

    assert result.code != 0
    assert "PRIVATE" not in result.out + result.err
    assert stack.secrets.refresh("services/orders/ca") == ()


@pytest.mark.parametrize("name", ["services/orders", "services/orders/key", "services/ca"])
def test_a_service_has_no_other_secrets(on_aws: CommandLine, name: str) -> None:
    assert on_aws("secrets", "set", name, given="a secret").code == 2


def test_authorities_have_no_overlap() -> None:
    with pytest.raises(CommandError, match="in one file"):
        rotate_secret(store(), "services/orders/ca", "x")


def test_a_client_certificate_has_no_overlap() -> None:
    with pytest.raises(CommandError, match="`secrets set` replaces it"):
        rotate_secret(store(), CERTIFICATE, "x")


def test_headers_for_telemetry_are_checked_and_not_generated() -> None:
    secrets = store()

    replace_secret(secrets, "telemetry/headers", "api-key=abc,x-team=a")

    assert secrets._there["telemetry/headers"] == ("api-key=abc,x-team=a",)
    with pytest.raises(CommandError, match="NAME=VALUE"):
        replace_secret(secrets, "telemetry/headers", "abc")
    with pytest.raises(BadParameter, match="cannot be generated"):
        check_name("telemetry/headers", generate=True)
    with pytest.raises(BadParameter, match="telemetry/headers"):
        check_name("telemetry/others")
