from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from signalbox.models.errors import SendDelayed
from signalbox.models.ids import delivery_id
from signalbox.models.networks import NetworkPreset
from signalbox.models.source import Source
from signalbox.runtime.redelivery import redelivery
from tests.builders import a_source
from tests.fakes.context import FakeContext
from tests.fakes.github_hooks import FakeGitHubHooks
from tests.functions.system import System

Run = Callable[[], list[dict[str, Any]]]

TOKEN = "ghp-canary-of-the-token"
FAILED = "RedeliveryFailed"


@pytest.fixture
def github(system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHubHooks]:
    def receive(guid: str) -> int:
        return system.comment("/agent fix the login", key=guid).status

    with FakeGitHubHooks(system.clock, receive).running() as github:
        github.token = TOKEN
        monkeypatch.setenv("SIGNALBOX_TRUSTED_ORIGINS", github.url)
        system.restart()
        configure(system, a_source(settings=github.settings))
        system.wiring.secrets.put("tokens/github/default", [TOKEN])
        yield github


@pytest.fixture
def run(system: System, caplog: pytest.LogCaptureFixture) -> Run:
    """A run of the function; the lines that it logs."""
    handlers: list[Callable[[dict[str, JsonValue], LambdaContext], None]] = []

    def run() -> list[dict[str, Any]]:
        caplog.clear()
        if not handlers:
            handlers.append(redelivery(system.wiring))
        handlers[0]({}, FakeContext(system.clock, timeout=240))
        system.clock.advance(timedelta(minutes=5))
        lines = [record.__dict__ for record in caplog.records if record.message == "redelivery"]
        assert TOKEN not in str(lines)
        return lines

    return run


def configure(system: System, source: Source) -> None:
    system.wiring.config_table.put(
        {
            "pk": {"S": "SOURCE"},
            "sk": {"S": source.key},
            "doc": {"S": source.model_dump_json()},
        }
    )


def figures(line: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(line[name] for name in ("missed", "requested", "healed", "unhealable", "open"))


def test_a_webhook_that_did_not_arrive_comes_in_again_as_any_other(
    system: System, github: FakeGitHubHooks, run: Run
) -> None:
    github.deliver("well")
    github.dropping = True
    github.deliver("missed")
    github.dropping = False

    (first,) = run()
    (second,) = run()
    (third,) = run()

    assert figures(first) == (1, 1, 0, 0, 1)
    assert figures(second) == (0, 0, 1, 0, 0)
    assert figures(third) == (0, 0, 0, 0, 0)
    assert (first["levelname"], first["reason"]) == ("INFO", "")
    stored = system.wiring.deliveries.get(delivery_id("github", "default", "missed"))
    assert len(stored.task_ids) == 1
    assert [entry["status_code"] for entry in github.log] == [202, 0, 202]


def test_a_wrong_secret_is_healed_once_it_is_right(
    system: System, github: FakeGitHubHooks, run: Run
) -> None:
    _ = system.github
    system.wiring.secrets.put("sources/github/default", ["another secret"])
    github.deliver("refused")
    (before,) = run()
    system.wiring.secrets.put("sources/github/default", ["It's a Secret to Everybody"])
    github.deliver("accepted")

    (after,) = run()
    (healed,) = run()

    assert [entry["status_code"] for entry in github.log] == [401, 202, 202]
    assert [figures(line) for line in (before, after, healed)] == [
        (1, 0, 0, 0, 1),
        (0, 1, 0, 0, 1),
        (0, 0, 1, 0, 0),
    ]


def test_a_token_that_is_not_accepted_is_an_alarm_after_an_hour(
    github: FakeGitHubHooks, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    github.token = "another"

    lines = [run()[0] for _ in range(13)]
    before = capsys.readouterr().out
    (last,) = run()

    assert {line["levelname"] for line in lines} == {"INFO"}
    assert {line["reason"] for line in lines} == {"GitHub does not accept the token: 401"}
    assert last["levelname"] == "ERROR"
    assert (FAILED in before, f'"{FAILED}":[1.0]' in capsys.readouterr().out) == (False, True)


def test_a_source_without_a_token_is_named(
    system: System, github: FakeGitHubHooks, run: Run
) -> None:
    configure(system, a_source(name="other", settings=github.settings))

    lines = {line["source"]: line for line in run()}

    assert lines["other"]["reason"] == "tokens/github/other has no token"
    assert lines["default"]["reason"] == ""


@pytest.mark.parametrize(
    "source",
    [
        a_source(name="other"),
        a_source(name="other", settings={"api_url": "https://ghe.example.com/api/v3"}),
        a_source(name="other", provider="nobody", settings={"redelivery": {"hook": "app"}}),
        a_source(name="other", provider="trello", settings={"redelivery": {"hook": "app"}}),
    ],
)
def test_a_source_whose_provider_or_settings_name_no_log_is_left_alone(
    system: System, github: FakeGitHubHooks, run: Run, source: Source
) -> None:
    del github
    configure(system, source)

    assert [line["source"] for line in run()] == ["default"]


def test_settings_that_are_not_valid_are_named_and_stop_nobody(
    system: System, github: FakeGitHubHooks, run: Run
) -> None:
    del github
    configure(system, a_source(name="other", settings={"redelivery": {"hook": "nothing"}}))

    reasons = {line["source"]: line["reason"] for line in run()}

    assert "redelivery.hook" in reasons["other"]
    assert reasons["default"] == ""


def test_an_api_at_a_private_address_is_not_called(
    system: System, github: FakeGitHubHooks, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIGNALBOX_TRUSTED_ORIGINS")
    system.restart()

    (line,) = run()

    assert line["reason"] == "the address is not https"
    assert github.received == []


def test_the_networks_of_a_preset_are_fetched_for_the_sources_that_name_it(
    system: System, github: FakeGitHubHooks, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    configure(system, a_source(settings=github.settings, networks=("preset:stripe",)))
    answers: list[Sequence[str] | SendDelayed] = [SendDelayed("down"), ("192.0.2.0/24",)]

    def fetch(service: NetworkPreset) -> Sequence[str]:
        assert service is NetworkPreset.STRIPE
        answer = answers.pop(0)
        if isinstance(answer, SendDelayed):
            raise answer
        return answer

    system.wiring.fetch_networks = fetch

    redeliveries, reasons = [], []
    for _ in range(3):
        redeliveries += run()
        lines = [record.__dict__ for record in caplog.records if record.message == "networks"]
        reasons += [(line["levelname"], line["networks"], line["reason"]) for line in lines]

    assert reasons == [("ERROR", 0, "down"), ("INFO", 1, None)]
    assert len(redeliveries) == 3, "webhooks are requested whatever becomes of networks"
    published = system.wiring.config.published_networks(NetworkPreset.STRIPE)
    assert published is not None
    assert published.networks == ("192.0.2.0/24",)
