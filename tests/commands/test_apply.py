import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from pydantic import JsonValue

from cli.admin.audit import CommandAudit
from cli.admin.manifest import ApplyManifest
from cli.admin.manifest_file import read_manifest
from cli.errors import CommandError
from cli.stack import Stack
from signalbox.models.errors import Unavailable
from signalbox.models.issuer import Grant
from signalbox.models.manifest import Manifest
from signalbox.models.principal import ApiKey, Role, Scope
from signalbox.models.rate_limits import Limits, RateLimit
from signalbox.providers.github.provider import GitHub
from signalbox.services.audit import RecordAudit
from tests.builders import NOW, a_connection, a_source, a_subscription, an_api_key
from tests.commands.conftest import CommandLine
from tests.fakes.audit import FakeAuditStore
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.edges import FakeConnector
from tests.fakes.tokens import an_issuer, claims, key_set, public, rsa, signed, tokens_of

WHOLE = """
sources:
  - provider: github
    events: [issues.opened]
connections:
  - id: team-slack
    connector: slack
    settings: {channel: C024BE91L}
subscriptions:
  - id: to-slack
    connection: team-slack
    changes: [succeeded, failed]
"""


ISSUER = """
issuers:
  - name: corp
    issuer: https://id.example.com/
    audience: signalbox
    jwks: KEYS
    everybody: {roles: [viewer]}
"""


def apply_to(config: FakeConfigStore, *secrets: str, keys: Sequence[ApiKey] = ()) -> ApplyManifest:
    record = RecordAudit(store=FakeAuditStore(), clock=FakeClock(), random=Random(1))
    return ApplyManifest(
        config=config,
        secrets=FakeSecretStore(FakeClock(), {name: ["a"] for name in secrets}),
        connectors={"slack": FakeConnector(name="slack")},
        providers={"github": GitHub},
        keys=lambda: keys,
        changing=CommandAudit(record=record, who=lambda: "ada", clock=FakeClock()),
    )


def secrets_of(run: ApplyManifest) -> set[str]:
    assert isinstance(run.secrets, FakeSecretStore)
    return set(run.secrets._there)


def written(folder: Path, text: str) -> Path:
    path = folder / "signalbox.yaml"
    path.write_text(text)
    return path


def test_what_was_applied_is_there() -> None:
    config = FakeConfigStore()
    whole = Manifest(connections=(a_connection(),), subscriptions=(a_subscription(),))

    done = apply_to(config)(whole, prune=False, dry_run=False)

    assert done.applied
    assert config.connections() == [a_connection()]
    assert config.subscriptions() == [a_subscription()]


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    whole = Manifest(connections=(a_connection(),))

    dry = apply_to(dried := FakeConfigStore())(whole, prune=False, dry_run=True)
    wet = apply_to(FakeConfigStore())(whole, prune=False, dry_run=False)

    assert dry.edits == wet.edits
    assert not dry.applied
    assert not dried.connections()


def test_pruning_removes_what_is_not_named() -> None:
    config = FakeConfigStore(a_connection(), a_subscription(), a_source())

    apply_to(config)(Manifest(sources=(a_source(),)), prune=True, dry_run=False)

    assert not config.connections()
    assert not config.subscriptions()
    assert config.sources() == [a_source()]


def test_pruning_may_not_take_a_connection_from_its_subscription() -> None:
    config = FakeConfigStore(a_connection())

    with pytest.raises(CommandError, match=r"subscriptions\[0\].connection: no connection"):
        apply_to(config)(Manifest(subscriptions=(a_subscription(),)), prune=True, dry_run=False)

    assert config.connections() == [a_connection()]


def test_the_connector_checks_its_settings() -> None:
    config = FakeConfigStore()
    odd = Manifest(connections=(a_connection(settings={"wrong": 1}),), sources=(a_source(),))

    with pytest.raises(CommandError, match=r"connections\[0\].settings: the settings are wrong"):
        apply_to(config)(odd, prune=False, dry_run=False)

    assert not config.sources(), "nothing is kept of what is not right"


def test_unknown_providers_and_connectors_are_named() -> None:
    odd = Manifest(
        sources=(a_source(provider="svn"),), connections=(a_connection(connector="fax"),)
    )

    with pytest.raises(CommandError) as caught:
        apply_to(FakeConfigStore())(odd, prune=False, dry_run=False)

    assert "sources[0].provider: there is no provider svn" in str(caught.value)
    assert "connections[0].connector: there is no connector fax" in str(caught.value)


def test_what_has_no_secret_yet_is_warned_of() -> None:
    whole = Manifest(sources=(a_source(),), connections=(a_connection(),))

    done = apply_to(FakeConfigStore(), "sources/github/default")(whole, prune=False, dry_run=True)

    assert [warning.split()[0] for warning in done.warnings] == ["connections/team-slack"]


def test_a_source_whose_settings_need_a_token_is_warned_of_until_it_has_one() -> None:
    settings: dict[str, JsonValue] = {"redelivery": {"hook": "repos/octo-org/railway/hooks/1"}}
    whole = Manifest(sources=(a_source(settings=settings), a_source(name="other")))
    secrets = ("sources/github/default", "sources/github/other")

    without = apply_to(FakeConfigStore(), *secrets)(whole, prune=False, dry_run=True)
    with_it = apply_to(FakeConfigStore(), *secrets, "tokens/github/default")(
        whole, prune=False, dry_run=True
    )

    assert [warning.split()[0] for warning in without.warnings] == ["tokens/github/default"]
    assert with_it.warnings == ()


def test_an_issuer_with_a_shared_secret_is_warned_of_until_it_has_one() -> None:
    shared = an_issuer(jwks=None, shared_secret=True)
    whole = Manifest(issuers=(shared, an_issuer(name="other")))

    without = apply_to(FakeConfigStore())(whole, prune=False, dry_run=True)
    with_it = apply_to(FakeConfigStore(), "issuers/corp")(whole, prune=False, dry_run=True)

    assert [warning.split()[0] for warning in without.warnings] == ["issuers/corp"]
    assert with_it.warnings == ()


def test_what_is_pruned_leaves_no_secret_behind() -> None:
    gone = (a_source(name="old"), a_connection(), an_issuer(jwks=None, shared_secret=True))
    run = apply_to(
        FakeConfigStore(a_source(), *gone),
        "sources/github/default",
        "sources/github/old",
        "tokens/github/old",
        "connections/team-slack",
        "issuers/corp",
    )

    run(Manifest(sources=(a_source(),)), prune=True, dry_run=True)
    before = list(run.secrets.secrets("sources/github/old"))
    run(Manifest(sources=(a_source(),)), prune=True, dry_run=False)

    assert before == ["a"]
    assert secrets_of(run) == {"sources/github/default"}


def test_a_default_source_that_nobody_configured_keeps_its_secret() -> None:
    run = apply_to(FakeConfigStore(), "sources/github/default")

    run(Manifest(), prune=True, dry_run=False)

    assert secrets_of(run) == {"sources/github/default"}


def test_a_source_stays_until_its_secret_is_gone() -> None:
    config = FakeConfigStore(a_source())
    run = apply_to(config, "sources/github/default")
    store = run.secrets
    assert isinstance(store, FakeSecretStore)
    store.down = True

    with pytest.raises(Unavailable, match="source github/default stays"):
        run(Manifest(), prune=True, dry_run=False)
    kept = list(config.sources())
    store.down = False
    run(Manifest(), prune=True, dry_run=False)

    assert kept == [a_source()]
    assert not config.sources()
    assert secrets_of(run) == set()


def test_a_role_of_the_stack_may_be_named_unless_it_is_pruned() -> None:
    config = FakeConfigStore(Role(name="auditor", scopes=(Scope.AUDIT_READ,)))
    whole = Manifest(issuers=(an_issuer(everybody=Grant(roles=("auditor",))),))

    apply_to(config)(whole, prune=False, dry_run=False)

    with pytest.raises(CommandError, match=r"everybody.roles\[0\]: there is no role auditor"):
        apply_to(config)(whole, prune=True, dry_run=False)


def test_pruning_may_not_take_a_role_from_its_keys() -> None:
    auditor = Role(name="auditor", scopes=(Scope.AUDIT_READ,))
    config = FakeConfigStore(auditor, a_source())
    keys = (an_api_key(roles=("auditor",)), an_api_key(id="another", roles=("viewer",)))

    with pytest.raises(CommandError, match=r"keys have the role auditor: 0123456789ab$"):
        apply_to(config, keys=keys)(Manifest(), prune=True, dry_run=True)
    with pytest.raises(CommandError, match="keys have the role auditor"):
        apply_to(config, keys=keys)(Manifest(), prune=True, dry_run=False)

    assert (config.roles(), config.sources()) == ([auditor], [a_source()])


def test_pruning_takes_a_role_that_only_revoked_keys_have() -> None:
    config = FakeConfigStore(Role(name="auditor"))
    keys = (an_api_key(roles=("auditor",), revoked_at=NOW),)

    apply_to(config, keys=keys)(Manifest(), prune=True, dry_run=False)

    assert not config.roles()


def test_an_issuer_that_has_no_shared_secret_any_more_leaves_none_behind() -> None:
    shared = an_issuer(jwks=None, shared_secret=True)
    config = FakeConfigStore(shared)
    run = apply_to(config, "issuers/corp")

    run(
        Manifest(issuers=(shared.model_copy(update={"claim": ("groups",)}),)),
        prune=False,
        dry_run=False,
    )
    before = secrets_of(run)
    run(Manifest(issuers=(an_issuer(),)), prune=False, dry_run=False)

    assert (before, secrets_of(run)) == ({"issuers/corp"}, set())
    assert config.issuers() == [an_issuer()]


def test_an_issuer_stays_as_it_is_until_its_secret_is_gone() -> None:
    shared = an_issuer(jwks=None, shared_secret=True)
    config = FakeConfigStore(shared)
    run = apply_to(config, "issuers/corp")
    assert isinstance(run.secrets, FakeSecretStore)
    run.secrets.down = True

    with pytest.raises(Unavailable, match="issuer corp stays"):
        run(Manifest(issuers=(an_issuer(),)), prune=False, dry_run=False)

    assert config.issuers() == [shared]


def test_a_secret_that_the_connection_cannot_use_is_warned_of() -> None:
    run = apply_to(FakeConfigStore(), "connections/team-slack")
    odd = a_connection(settings={"other secrets": True})

    done = run(Manifest(connections=(odd,)), prune=False, dry_run=True)

    assert done.warnings == ("connections/team-slack: the connection needs another secret",)


@pytest.mark.parametrize("form", [str, json.dumps])
def test_the_keys_of_an_issuer_are_a_mapping_or_its_json(
    on_aws: CommandLine, stack: Stack, tmp_path: Path, form: Callable[[str], str]
) -> None:
    keys = key_set(public(rsa(), kid="first")).decode()
    path = str(written(tmp_path, ISSUER.replace("KEYS", form(keys))))

    first = on_aws("apply", "-f", path)
    again = on_aws("apply", "-f", path)

    (issuer,) = stack.config.issuers()
    assert (first.code, again.code, again.out) == (0, 0, ""), first.err
    assert tokens_of(issuer).authenticate(signed(rsa(), claims())).roles == ("viewer",)


def test_keys_that_are_no_set_are_refused_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"issuers\[0\].jwks: expects a text"):
        read_manifest(written(tmp_path, ISSUER.replace("KEYS", "[1]")))


def test_help_names_everything_that_is_applied() -> None:
    result = CommandLine()("apply", "--help")

    assert all(group in result.out for group in Manifest.model_fields if group != "version")


def test_an_empty_file_is_an_empty_manifest(tmp_path: Path) -> None:
    assert read_manifest(written(tmp_path, "# nothing yet\n")) == Manifest()


def test_a_time_needs_no_quotes(tmp_path: Path) -> None:
    file = tmp_path / "signalbox.yaml"
    file.write_text(
        "schedules: [{name: one, at: 2027-01-15T09:00:00+01:00, task: {title: Report}}]"
    )

    (schedule,) = read_manifest(file).schedules

    assert schedule.at == datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sources: [", "line 1|line 2"),
        ("sources: []\nsources: []", "line 1: sources stands there twice"),
        ("sources:\n  - provider: a\n    provider: b", "line 2: provider stands there twice"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("sources: [!!python/object/apply:os.getcwd []]", "could not determine a constructor"),
        ("version: 2026-01-01", "cannot be read"),
        ("--- {}\n--- {}", "line 2"),
        ("x" * 1_000_001, "more than"),
        ("version: 2", 'version: "2" is not known; allowed: 1'),
        (
            "sources: [{provider: github, priority: urgent}]",
            r"sources\[0\].priority: \"urgent\" is not known; allowed: high, low, normal",
        ),
        ("- a", "the manifest is not right"),
    ],
)
def test_a_file_that_is_not_right_is_refused_with_the_place(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        read_manifest(written(tmp_path, text))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "signalbox.yaml"
    path.write_bytes(b"sources: \xff")

    with pytest.raises(CommandError):
        read_manifest(path)


def test_a_file_is_applied_on_the_command_line(
    on_aws: CommandLine, stack: Stack, tmp_path: Path
) -> None:
    path = str(written(tmp_path, WHOLE))

    dry = on_aws("apply", "-f", path, "--dry-run")
    before = list(stack.config.sources())
    first = on_aws("apply", "-f", path)
    second = on_aws("apply", "-f", path)

    assert (dry.code, first.code, second.code) == (0, 0, 0)
    assert dry.out == first.out
    assert '+ source github/default\n    provider: "github"' in first.out
    assert before == []
    assert second.out == ""
    assert "warning: connections/team-slack has no secret" in second.err


def test_what_was_applied_is_an_object_for_programs(on_aws: CommandLine, tmp_path: Path) -> None:
    result = on_aws("apply", "-f", str(written(tmp_path, WHOLE)), "--json")

    done = json.loads(result.out)
    assert done["applied"]
    assert [edit["name"] for edit in done["edits"]] == ["team-slack", "github/default", "to-slack"]


def test_exit_code_1_says_that_the_file_is_not_right(on_aws: CommandLine, tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE.replace("failed]", "gone]"))

    result = on_aws("apply", "-f", str(path))

    assert result.code == 1
    assert (
        'subscriptions[0].changes[1]: "gone" is not known; allowed: approved, cancelled'
        in result.err
    )


def test_who_may_call_and_how_often_is_part_of_it() -> None:
    config = FakeConfigStore()
    role = Role(name="auditor", scopes=(Scope.AUDIT_READ,))
    limits = Limits(anonymous=RateLimit(count=10, burst=5))
    whole = Manifest(issuers=(an_issuer(),), roles=(role,), limits=limits)

    first = apply_to(config)(whole, prune=False, dry_run=False)
    second = apply_to(config)(whole, prune=False, dry_run=False)

    assert [edit.kind for edit in first.edits] == ["role", "issuer", "limits"]
    assert second.edits == ()
    assert (config.issuers(), config.roles()) == ([an_issuer()], [role])
    assert config.configured_limits() == [limits]
