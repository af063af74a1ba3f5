import json
from collections.abc import Iterator

import pytest

from cli.admin.secrets import SecretInput
from cli.stack import Stack
from signalbox.models.audit import AuditEvent, AuditRecord, day_of
from signalbox.models.source import Source
from signalbox.runtime.registry import providers
from signalbox.services.ports.time import utc_now
from tests.commands.conftest import CommandLine
from tests.fakes.http_server import FakeHttpServer, Reply

NAME = "sources/github/ci"
URL = "https://api.example.com/api/v1/webhooks/github/ci"
HOOK = ("--repository", "octo-org/site")


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHttpServer]:
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    with FakeHttpServer().running() as server:
        server.usual = Reply(status=201, body=b'{"id": 42}')
        yield server


def audited(stack: Stack) -> list[AuditEvent]:
    rows = stack.audit.oldest(day_of(utc_now()))
    return [AuditRecord.model_validate_json(row.document).entry for row in rows]


def test_a_new_source_has_a_secret_and_instructions(on_aws: CommandLine, stack: Stack) -> None:
    result = on_aws("sources", "add", "github", "ci", "--event", "workflow_run.completed:failure")

    (secret,) = stack.secrets.refresh(NAME)
    assert result.code == 0
    assert stack.config.sources() == [
        Source(provider="github", name="ci", events=("workflow_run.completed:failure",))
    ]
    assert f"Payload URL: {URL}\n" in result.out
    assert f"Secret: {secret}\n" in result.out
    assert "Issue comments, Issues" in result.out
    assert "Workflow runs" in result.out
    assert "Pushes" not in result.out
    assert secret not in result.err
    assert len(secret) >= 32


def test_both_changes_are_in_the_audit_log_without_the_secret(
    on_aws: CommandLine, stack: Stack
) -> None:
    on_aws("sources", "add", "github", "ci")

    events = audited(stack)
    (secret,) = stack.secrets.refresh(NAME)
    assert [(event.action, event.object) for event in events] == [
        ("sources add", "source github/ci"),
        ("secrets set", NAME),
    ]
    assert all(secret not in event.model_dump_json() for event in events)


def test_json_has_the_secret_once_beside_the_steps(on_aws: CommandLine, stack: Stack) -> None:
    result = on_aws("sources", "add", "github", "ci", "--json")

    setup = json.loads(result.out)
    assert [setup["secret"]] == list(stack.secrets.refresh(NAME))
    assert setup["url"] == URL
    assert setup["hook"] is None
    assert "issue_comment.created" in setup["events"]


def test_a_secret_of_ones_own_is_stored_and_not_printed(
    on_aws: CommandLine, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "a secret of our own")

    result = on_aws("sources", "add", "github", "ci", "--from-env", "HOOK_SECRET")

    assert list(stack.secrets.refresh(NAME)) == ["a secret of our own"]
    assert "a secret of our own" not in result.out + result.err
    assert "Secret: the one in $HOOK_SECRET" in result.out


def test_a_source_that_has_a_secret_keeps_it(on_aws: CommandLine, stack: Stack) -> None:
    stack.secrets.put(NAME, ["old"])

    result = on_aws("sources", "add", "github", "ci")

    assert result.code == 1
    assert f"signalbox secrets rotate {NAME}" in result.err
    assert list(stack.secrets.refresh(NAME)) == ["old"]
    assert stack.config.sources() == []


def test_a_configured_source_without_a_secret_gets_one(on_aws: CommandLine, stack: Stack) -> None:
    configured = Source(provider="github", name="ci", authors=("ada",))
    stack.config.put(configured)

    result = on_aws("sources", "add", "github", "ci")

    assert result.code == 0
    assert stack.config.sources() == [configured]
    assert len(stack.secrets.refresh(NAME)) == 1


def test_a_configured_source_is_not_given_other_events(on_aws: CommandLine, stack: Stack) -> None:
    stack.config.put(Source(provider="github", name="ci"))

    result = on_aws("sources", "add", "github", "ci", "--event", "push")

    assert result.code == 1
    assert "change it by `signalbox apply`" in result.err
    assert not stack.secrets.refresh(NAME)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["githup"], 'there is no provider githup; did you mean "github"?'),
        (["github", "No Name"], "name: "),
        (["github", "ci", "--event", "pusch"], '"pusch" matches no event that github sends'),
        (["github", "ci", "--from-env", "NOT_SET"], "the secret is empty"),
        (["linear", *HOOK], "--repository is for github, gitlab, gitea, not for linear"),
        (["github", *HOOK], "the environment variable GITHUB_TOKEN has no token of GitHub"),
        (["github", "--repository", "../x"], "is not of the form octo-org/site"),
    ],
)
def test_bad_input_changes_nothing(
    on_aws: CommandLine,
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    problem: str,
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)

    result = on_aws("sources", "add", *words)

    assert result.code == 1
    assert problem in result.err
    assert stack.config.sources() == []
    assert audited(stack) == []


def test_options_of_a_webhook_need_its_repository(on_aws: CommandLine) -> None:
    assert on_aws("sources", "add", "github", "--token-env", "X").code == 2


def test_what_a_service_issues_is_entered_after_the_steps(
    on_aws: CommandLine, stack: Stack
) -> None:
    result = on_aws("sources", "add", "linear")

    assert result.code == 0
    assert "Copy the signing secret" in result.out
    assert "next: `signalbox secrets set sources/linear/default`" in result.err
    assert [source.key for source in stack.config.sources()] == ["linear/default"]
    assert not stack.secrets.refresh("sources/linear/default")


def test_on_a_terminal_an_issued_secret_is_asked_for(
    on_aws: CommandLine, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.admin.add_source._is_interactive", lambda: True)
    monkeypatch.setattr(SecretInput, "read", lambda _self: "lin_wh_1234567890abcdef")

    result = on_aws("sources", "add", "linear")

    assert list(stack.secrets.refresh("sources/linear/default")) == ["lin_wh_1234567890abcdef"]
    assert "next:" not in result.err


def test_the_webhook_of_a_repository_is_created(
    on_aws: CommandLine, stack: Stack, github: FakeHttpServer
) -> None:
    result = on_aws("sources", "add", "github", "ci", *HOOK, "--api-url", github.url)

    (secret,) = stack.secrets.refresh(NAME)
    (request,) = github.received
    assert result.code == 0
    assert json.loads(request.body)["config"]["secret"] == secret
    assert json.loads(request.body)["config"]["url"] == URL
    assert "created the webhook 42" in result.err
    assert secret not in result.out + result.err


def test_another_repository_gets_the_secret_that_there_is(
    on_aws: CommandLine, stack: Stack, github: FakeHttpServer
) -> None:
    stack.config.put(Source(provider="github", name="ci"))
    stack.secrets.put(NAME, ["current", "previous"])

    result = on_aws("sources", "add", "github", "ci", *HOOK, "--api-url", github.url, "--json")

    assert json.loads(github.received[0].body)["config"]["secret"] == "current"
    assert json.loads(result.out)["hook"]["id"] == 42
    assert json.loads(result.out)["secret"] is None
    assert audited(stack) == []


def test_when_the_webhook_is_refused_nothing_is_lost(
    on_aws: CommandLine, stack: Stack, github: FakeHttpServer
) -> None:
    github.usual = Reply(status=404, body=b'{"message": "Not Found"}')

    result = on_aws("sources", "add", "github", "ci", *HOOK, "--api-url", github.url)

    (secret,) = stack.secrets.refresh(NAME)
    assert result.code == 1
    assert f"Secret: {secret}" in result.out
    assert "GitHub has no repository octo-org/site" in result.err


def test_the_list_has_what_accepts_webhooks(on_aws: CommandLine, stack: Stack) -> None:
    stack.config.put(Source(provider="github", name="ci", enabled=False, events=("push",)))
    stack.secrets.put("sources/github/default", ["one", "two"])

    result = on_aws("sources", "list", "--json")

    rows = {f"{row['provider']}/{row['name']}": row for row in json.loads(result.out)}
    assert rows.keys() == {"github/ci", "github/default"}
    assert (rows["github/ci"]["enabled"], rows["github/ci"]["secrets"]) == (False, 0)
    assert rows["github/ci"]["url"] == URL
    assert (rows["github/default"]["configured"], rows["github/default"]["secrets"]) == (False, 2)
    assert "one" not in result.out


def test_the_list_is_a_table_as_well(on_aws: CommandLine, stack: Stack) -> None:
    stack.config.put(Source(provider="github", name="ci", events=("push",)))

    result = on_aws("sources", "list")

    assert "github/ci" in result.out
    assert "none" in result.out


@pytest.mark.parametrize("provider", providers())
def test_every_provider_can_be_added(on_aws: CommandLine, provider: str) -> None:
    result = on_aws("sources", "add", provider)

    assert result.code == 0
    assert f"https://api.example.com/api/v1/webhooks/{provider}" in result.out
    assert "{" not in result.out
