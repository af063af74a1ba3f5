import hashlib
import hmac
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pydantic import JsonValue

from cli.errors import CommandError
from cli.webhooks import octokit_examples
from cli.webhooks.post import SentWebhook, WebhookRequest, github_sample
from cli.webhooks.samples import load_sample, new_sample, sample_names
from cli.webhooks.send import at_double
from signalbox.providers.github.provider import GitHub
from signalbox.providers.slack.payload import Interaction, read_form
from signalbox.providers.slack.provider import Slack
from tests.builders import SECRET, a_source
from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.fakes.http_server import FakeHttpServer


@pytest.fixture
def server() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


def package(folder: Path, events: JsonValue) -> Path:
    inside = folder / "api.github.com"
    inside.mkdir()
    (inside / "index.json").write_text(json.dumps(events))
    return folder


URL = "https://hooks.example.com/api/v1/webhooks/github"
EVENTS: JsonValue = [
    {"name": "ping", "description": "…", "examples": [{"zen": "a"}]},
    {"name": "star", "examples": [{"action": "created"}, {"action": "deleted"}]},
    {"name": "issue_comment", "examples": [{"action": "created"}]},
    {"name": "empty"},
]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (
            {"api_url": "http://127.0.0.1:4602/doubles/slack/api"},
            "http://127.0.0.1:4602/doubles/slack",
        ),
        ({"api_url": "https://slack-gov.com/api"}, "https://hooks.slack.com"),
        ({}, "https://hooks.slack.com"),
    ],
)
def test_an_interaction_of_slack_has_its_response_url_at_the_double_of_its_source(
    settings: dict[str, JsonValue], found: str
) -> None:
    hook = WebhookRequest(provider=Slack(), sample=load_sample("slack", "message_action"))

    moved = at_double(hook, a_source(provider="slack", settings=settings))

    interaction = read_form(moved.sample.request())
    assert isinstance(interaction, Interaction)
    assert (interaction.outcome_url or "").startswith(f"{found}/app/T024BE7LD/")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("issue_comment", "created"),
        ("issue_comment.edited", "edited"),
        ("issues", "opened"),
        ("issues.labeled", "labeled"),
        ("pull_request_review", "submitted"),
        ("workflow_run", "completed"),
    ],
)
def test_an_event_means_the_sample_that_begins_it(asked: str, found: str) -> None:
    assert load_sample("github", asked).body["action"] == found


def test_an_unknown_event_is_answered_with_those_there_are() -> None:
    with pytest.raises(
        CommandError, match=r"no sample nothing; there are: .*issue_comment\.created"
    ):
        load_sample("github", "nothing")


@pytest.mark.parametrize("name", sample_names("github"))
def test_every_sample_can_happen_once_more(name: str) -> None:
    made = new_sample(GitHub(), load_sample("github", name))

    assert made.body.keys() == load_sample("github", name).body.keys()


def test_another_text_stands_in_another_comment() -> None:
    first = new_sample(GitHub(), load_sample("github", "issue_comment"), "/agent one").body[
        "comment"
    ]
    second = new_sample(GitHub(), load_sample("github", "issue_comment"), "/agent one").body[
        "comment"
    ]

    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["body"] == second["body"] == "/agent one"
    assert first["id"] != second["id"]


def test_what_carries_no_text_takes_none() -> None:
    with pytest.raises(CommandError, match=r"push has no text; these .*issue_comment\.created"):
        new_sample(GitHub(), load_sample("github", "push"), "/agent x")


def hook(payload: dict[str, JsonValue], *, form: bool = False) -> WebhookRequest:
    sample = github_sample("push", payload)
    return WebhookRequest(provider=GitHub(), sample=sample.as_form() if form else sample)


@pytest.mark.parametrize("form", [False, True])
def test_a_hook_is_signed_over_the_bytes_that_are_sent(*, form: bool) -> None:
    request = hook({"é": "漢 &="}, form=form).signed(SECRET, URL)

    expected = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()

    assert request.header("x-hub-signature-256") == f"sha256={expected}"


def test_a_form_carries_the_payload_in_a_field() -> None:
    request = hook({"ref": "a&b"}, form=True).signed(SECRET, URL)

    assert request.media_type == "application/x-www-form-urlencoded"
    assert json.loads(parse_qs(request.body.decode())["payload"][0]) == {"ref": "a&b"}


def test_each_hook_is_a_delivery_of_its_own() -> None:
    first, second = (hook({}).signed(SECRET, URL) for _ in range(2))

    assert first.header("x-github-delivery") != second.header("x-github-delivery") != ""


def test_a_provider_that_is_not_there_is_named(signalbox: CommandLine) -> None:
    result = signalbox("send", "githup", "push")

    assert result.code == 1
    assert 'there is no provider githup; did you mean "github"?' in result.err


@pytest.mark.parametrize("form", [[], ["--form"]])
def test_a_comment_that_is_sent_becomes_a_task(
    signalbox: CommandLine, served: Served, form: list[str]
) -> None:
    result = signalbox(
        "send", "github", "issue_comment", "--text=/agent go", f"--secret={SECRET}", *form
    )

    (task,) = served.all()
    assert result.code == 0
    assert result.out.startswith("202  accepted  dlv_")
    assert task.id in result.out
    assert task.instruction == "go"


def test_a_delivery_that_is_repeated_is_a_duplicate(signalbox: CommandLine, served: Served) -> None:
    words = ("send", "github", "issue_comment", "--text=/agent go", f"--secret={SECRET}")

    result = signalbox(*words, "--repeat=2", "--delivery=one", "--json")

    first, second = (SentWebhook.model_validate_json(line) for line in result.out.splitlines())
    assert (first.duplicate, second.duplicate) == (False, True)
    assert [*first.task_ids] == [*second.task_ids] == [task.id for task in served.all()]


def test_without_an_id_each_is_another_comment(signalbox: CommandLine, served: Served) -> None:
    words = ("send", "github", "issue_comment", "--text=/agent go", f"--secret={SECRET}")

    signalbox(*words, "--repeat=3")

    assert len(served.all()) == 3


def test_a_wrong_secret_fails(signalbox: CommandLine) -> None:
    result = signalbox("send", "github", "push", "--secret", "wrong")

    assert result.code == 1
    assert result.out.startswith("401  signature_invalid")


def test_notes_say_why_nothing_was_made(signalbox: CommandLine) -> None:
    result = signalbox("send", "github", "push", "--secret", SECRET)

    assert "push: no command in it" in result.out


def test_a_payload_of_ones_own_is_sent(
    signalbox: CommandLine, server: FakeHttpServer, tmp_path: Path
) -> None:
    payload = tmp_path / "payload.json"
    payload.write_text('{"mine": 1}')
    words = ("--file", str(payload), "--url", f"{server.url}/hook", "--secret", SECRET)

    signalbox("send", "github", "push", *words)

    (received,) = server.received
    assert (received.path, received.body) == ("/hook", b'{"mine":1}')
    assert received.headers["x-github-event"] == "push"


def test_what_is_no_json_object_is_not_sent(signalbox: CommandLine, tmp_path: Path) -> None:
    payload = tmp_path / "payload.json"
    payload.write_text("[")

    result = signalbox("send", "github", "push", "--file", str(payload), "--secret", SECRET)

    assert (result.code, result.out) == (1, "")
    assert "is not a JSON object" in result.err


def test_without_an_event_it_was_asked_wrongly(signalbox: CommandLine) -> None:
    assert signalbox("send", "github").code == 2


def test_nobody_there_is_exit_code_3() -> None:
    result = CommandLine()(
        "send", "github", "push", "--url", "http://127.0.0.1:9/x", "--secret", SECRET
    )

    assert result.code == 3


def test_a_source_without_a_secret_says_how_to_give_it_one(on_aws: CommandLine) -> None:
    result = on_aws("send", "github", "push", "--source", "mine")

    assert result.code == 1
    assert "signalbox secrets set sources/github/mine" in result.err


def test_a_source_that_is_verified_by_published_keys_is_asked_for_no_secret(
    on_aws: CommandLine, tmp_path: Path
) -> None:
    manifest = tmp_path / "signalbox.yaml"
    topic = "arn:aws:sns:eu-central-1:123456789012:alarms"
    verify = f"{{type: sns, topic: {topic!r}}}"
    manifest.write_text(
        "sources: [{provider: generic, name: alarms, permission: 'off', "
        f"settings: {{preset: sns, verify: {verify}}}}}]"
    )

    applied = on_aws("apply", "-f", str(manifest))
    result = on_aws("send", "generic", "sns.notification", "--source", "alarms")

    assert (applied.code, applied.err) == (0, "1 changed, in effect within 30 seconds\n")
    assert result.code == 1
    assert "generic/alarms is verified by keys that its service publishes" in result.err


def test_every_example_of_a_package_is_sent(signalbox: CommandLine, tmp_path: Path) -> None:
    folder = package(tmp_path, EVENTS)

    result = signalbox("send", "github", "--all", str(folder), "--secret", SECRET, "--json")

    rows = {row["event"]: row for row in json.loads(result.out)}
    assert rows["all"]["sent"] == 4
    assert rows["star"]["outcomes"] == {"ignored": 2}
    assert rows["ping"]["statuses"] == {"200": 1}
    assert rows["issue_comment"]["statuses"] == {"400": 1}
    assert result.code == 1, "one was not taken"


def test_an_archive_is_read_as_the_package_that_it_is(tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    raw = json.dumps(EVENTS).encode()
    with tarfile.open(archive, "w:gz") as made:
        member = tarfile.TarInfo("package/api.github.com/index.json")
        member.size = len(raw)
        made.addfile(member, io.BytesIO(raw))

    assert [sample.name for sample in octokit_examples.example_webhooks(archive)] == [
        "ping",
        "star",
        "star",
        "issue_comment",
    ]


@pytest.mark.parametrize("content", [b"", b"{}", b"\x1f\x8b", b'[{"names": 1}]'])
@pytest.mark.parametrize("name", ["index.json", "package.tgz"])
def test_what_holds_no_examples_is_said_so(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(CommandError, match="holds no examples"):
        list(octokit_examples.example_webhooks(path))
