"""What docs/examples and the pages show is what `signalbox apply` takes, and does what it says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from cli.admin.manifest_file import read_manifest
from cli.errors import CommandError
from cli.stack import Stack
from cli.target import PROJECT
from signalbox.models.event import Author, Event, ParsedPayload
from signalbox.models.ids import DeliveryId
from signalbox.models.manifest import Manifest, manifest_errors
from signalbox.models.principal import BUILT_IN_ROLES, Principal, Scope
from signalbox.models.service import Service
from signalbox.models.source import Source
from signalbox.models.task import ChangeType, Priority, Task
from signalbox.services.deliveries.plan_tasks import DeliveryContext, plan_tasks
from tests.builders import NOW, an_event
from tests.commands.conftest import CommandLine
from tests.pages import blocks

EXAMPLES: Final = PROJECT / "docs" / "examples"
NAMES: Final = ("agents", "services", "small-team", "strict-production")
URLS: Final = {f"SERVICE{number}_URL": f"https://s{number}.example.com" for number in (1, 2, 3)}
ISSUER: Final = "name: a, issuer: b, audience: c, jwks_url: 'https://d/'"
SNIPPETS: Final = {"README.md": 1, "docs/configuration.md": 4}


@pytest.fixture(autouse=True)
def _service_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, url in URLS.items():
        monkeypatch.setenv(name, url)


def example(name: str) -> Manifest:
    return read_manifest(EXAMPLES / f"{name}.yaml")


def source_of(manifest: Manifest, name: str) -> Source:
    (found,) = (source for source in manifest.sources if source.name == name)
    return found


def snippets(page: str) -> list[str]:
    return blocks("yaml", (PROJECT / page).read_text())


def tasks_of(event: Event, source: Source) -> Sequence[Task]:
    received = DeliveryContext(
        id=DeliveryId("dlv_1"),
        key="a delivery",
        source=source,
        at=NOW,
        request_id=None,
        retention=0,
    )
    return plan_tasks(ParsedPayload(type=event.type, events=(event,)), received).tasks


def comment_delivery(text: str, who: str, *, automated: bool = False) -> Event:
    return an_event(text=text, author=Author(name=who, automated=automated))


def failed_build(who: str) -> Event:
    return an_event(
        type="workflow_run.completed",
        detail="failure",
        text=None,
        thread=None,
        author=Author(name=who),
    )


def roles_named(manifest: Manifest) -> set[str]:
    grants = (
        grant
        for issuer in manifest.issuers
        for grant in (*issuer.grants.values(), issuer.everybody)
    )
    held = manifest.limits.roles if manifest.limits else {}
    return {role for grant in grants for role in grant.roles} | set(held)


def test_the_examples_are_these() -> None:
    assert tuple(sorted(path.stem for path in EXAMPLES.iterdir())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_can_be_applied(on_aws: CommandLine, name: str) -> None:
    dry = on_aws("apply", "-f", str(EXAMPLES / f"{name}.yaml"), "--dry-run", "--prune")

    assert (dry.code, dry.err.count("\n  ")) == (0, 0), dry.err
    assert dry.out.count("\n+ ") + 1 == len(example(name).resources())


@pytest.mark.parametrize("name", NAMES)
def test_an_example_names_nothing_that_is_not_there(name: str) -> None:
    manifest = example(name)
    own = {role.name for role in manifest.roles}
    used = {subscription.connection for subscription in manifest.subscriptions}

    assert manifest_errors(manifest) == ()
    assert used == {connection.id for connection in manifest.connections}
    assert not own & set(BUILT_IN_ROLES), "a role that is built in stays what it is"
    assert roles_named(manifest) <= own | set(BUILT_IN_ROLES)


@pytest.mark.parametrize("page", SNIPPETS)
def test_what_a_page_shows_can_be_applied(on_aws: CommandLine, tmp_path: Path, page: str) -> None:
    found = snippets(page)

    assert len(found) == SNIPPETS[page]
    for index, text in enumerate(found):
        path = tmp_path / f"{index}.yaml"
        path.write_text(text)
        dry = on_aws("apply", "-f", str(path), "--dry-run")
        assert dry.code == 0, dry.err
        assert dry.out


def test_the_urls_of_services_come_from_the_environment(on_aws: CommandLine, stack: Stack) -> None:
    applied = on_aws("apply", "-f", str(EXAMPLES / "services.yaml"))

    stored = {
        (service.name, instance.id): instance.url
        for service in stack.config.all(Service)
        for instance in service.instances
    }
    assert applied.code == 0, applied.err
    assert stored == {
        ("orders", "a"): URLS["SERVICE1_URL"],
        ("orders", "b"): URLS["SERVICE2_URL"],
        ("users", "a"): URLS["SERVICE3_URL"],
    }


def test_a_variable_that_is_not_set_is_named_and_nothing_is_changed(
    on_aws: CommandLine, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SERVICE2_URL")
    monkeypatch.setenv("SERVICE3_URL", "")

    refused = on_aws("apply", "-f", str(EXAMPLES / "services.yaml"))

    assert refused.code == 1
    assert refused.err.splitlines()[1:] == [
        "  services[0].instances[1].url: the environment variable SERVICE2_URL is not set",
        "  services[1].instances[0].url: the environment variable SERVICE3_URL is not set",
    ]
    assert stack.config.all(Service) == []


def test_only_the_small_team_gives_commands_and_reads_how_they_ended() -> None:
    manifest = example("small-team")
    source = source_of(manifest, "default")

    assert [task.kind for task in tasks_of(comment_delivery("/run nightly", "ada"), source)] == [
        "run"
    ]
    assert not tasks_of(comment_delivery("/run nightly", "mallory"), source)
    assert tasks_of(failed_build("grace"), source)
    (subscription,) = manifest.subscriptions
    assert set(subscription.changes) == {ChangeType.SUCCEEDED, ChangeType.FAILED}


def test_agents_are_called_in_free_words_before_everything_else() -> None:
    source = source_of(example("agents"), "default")

    (asked,) = tasks_of(comment_delivery("@octo-agent fix the login", "ada"), source)
    (by_bot,) = tasks_of(comment_delivery("/agent update", "renovate[bot]", automated=True), source)

    assert (asked.kind, asked.instruction) == ("ask", "fix the login")
    assert (asked.priority, asked.max_attempts) == (Priority.HIGH, 2)
    assert by_bot.kind == "agent"
    assert not tasks_of(comment_delivery("@octo-agent fix the login", "mallory"), source)
    assert not tasks_of(comment_delivery("/agent update", "another[bot]", automated=True), source)


def test_agents_do_chores_last_and_not_for_strangers() -> None:
    source = source_of(example("agents"), "chores")
    labelled = an_event(
        type="issues.labeled", detail="agent", text=None, author=Author(name="grace")
    )

    assert [task.priority for task in tasks_of(failed_build("ada"), source)] == [Priority.LOW]
    assert tasks_of(labelled, source)
    assert not tasks_of(failed_build("mallory"), source)


def test_agents_have_a_role_of_their_own_and_its_limit() -> None:
    manifest = example("agents")
    role_scopes = {role.name: set(role.scopes) for role in manifest.roles}
    agent = Principal(name="key:a", scopes=frozenset(role_scopes["agent"]), roles=("agent",))

    assert role_scopes["agent"] < BUILT_IN_ROLES["worker"]
    assert Scope.TASKS_WRITE in role_scopes["planner"]
    assert manifest.limits
    assert manifest.limits.of(agent).limit == manifest.limits.roles["agent"]


def test_strict_production_has_no_source_without_authors_or_commands() -> None:
    sources = example("strict-production").sources
    enabled = [source for source in sources if source.enabled]

    assert len(enabled) > 1
    for source in enabled:
        assert source.authors, source.name
        assert source.commands, source.name
        assert not any("*" in word for word in (*source.authors, *source.commands))
    assert [source.name for source in sources if not source.enabled] == ["default"]


def test_strict_production_believes_mapped_groups_only() -> None:
    manifest = example("strict-production")
    (issuer,) = manifest.issuers

    assert issuer.granted({"groups": ["compliance"]}).roles == ("auditor",)
    assert not issuer.granted({"groups": ["everybody-else"]}).roles
    assert not issuer.granted({"groups": ["everybody-else"]}).scopes
    (auditor,) = manifest.roles
    assert all(scope.endswith(":read") for scope in auditor.scopes)


def test_strict_production_tells_teams_of_their_own_repositories() -> None:
    subscriptions = example("strict-production").subscriptions
    everywhere = [one.connection for one in subscriptions if not one.repositories]

    assert everywhere == ["oncall"]
    assert len({one.connection for one in subscriptions}) == len(subscriptions)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("source: []", "source"),
        ("sources: [{provider: github, autors: [ada]}]", "sources[0].autors"),
        ("connections: [{id: a, connector: slack, setings: {}}]", "connections[0].setings"),
        ("subscriptions: [{id: a, connection: b, change: []}]", "subscriptions[0].change"),
        ("roles: [{name: a, scope: []}]", "roles[0].scope"),
        (f"issuers: [{{{ISSUER}, grants: {{b: {{role: []}}}}}}]", "issuers[0].grants.b.role"),
        ("limits: {default: {count: 1, burst: 1, windows: 1}}", "limits.default.windows"),
    ],
)
def test_a_key_that_does_not_exist_is_named(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "signalbox.yaml"
    path.write_text(text)

    with pytest.raises(CommandError) as caught:
        read_manifest(path)

    [line] = str(caught.value).splitlines()[1:]
    assert line.startswith(f"  {key}: unknown key ")


def test_a_setting_of_a_connector_that_does_not_exist_is_named(
    on_aws: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "signalbox.yaml"
    path.write_text("connections: [{id: a, connector: slack, settings: {chanel: C0123456789}}]")

    refused = on_aws("apply", "-f", str(path))

    assert refused.code == 1
    assert "connections[0].settings: the settings are not right: chanel: " in refused.err
