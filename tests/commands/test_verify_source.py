import json
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from cli.errors import CommandError
from cli.webhooks import verification_cases as cases
from cli.webhooks.send import WebhookEndpoint
from signalbox.ingress.provider import WebhookProvider
from signalbox.ingress.signatures import HmacScheme, Timestamp
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.errors import SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.models.source import Source
from signalbox.providers.discord.provider import Discord
from signalbox.providers.generic.provider import Generic
from signalbox.providers.github.provider import GitHub
from signalbox.services.pagination import Window
from signalbox.services.ports.time import utc_now
from tests.builders import SECRET
from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.fakes.http_server import FakeHttpServer, Received, Reply

URL = "https://hooks.example.com/api/v1/webhooks/github"
VERIFY = ("sources", "verify", "github", f"--secret={SECRET}")


class TimedGitHub(GitHub):
    """A provider whose signature has a time."""

    __slots__ = ()

    scheme: ClassVar[HmacScheme] = HmacScheme(
        header="x-signature", signed="{timestamp}.{body}", timestamp=Timestamp(header="x-time")
    )


class KeyPairGitHub(GitHub):
    """A provider that signs with a private key, which no random text is."""

    __slots__ = ()

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        raise ValueError(f"{len(secret)} characters are no private key")


class TokenGitHub(GitHub):
    """A provider whose requests carry the secret itself."""

    __slots__ = ()

    scheme: ClassVar[HmacScheme] = HmacScheme(header="x-token", signed="")


class FakeEndpoint(FakeHttpServer):
    """Answers as an endpoint would that has this fault."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.usual = reply

    def reply_to(self, received: Received) -> Reply:
        return self.usual


def endpoint(provider: WebhookProvider, source: Source | None = None) -> WebhookEndpoint:
    return WebhookEndpoint(url=URL, provider=provider, secret=SECRET, source=source)


def planned(provider: GitHub) -> dict[str, cases.VerificationCase]:
    plan = cases.verification_plan(endpoint(provider), "default")
    return {case.name: case for case in plan.cases}


def test_the_real_handler_gives_every_expected_response(
    signalbox: CommandLine, served: Served
) -> None:
    result = signalbox(*VERIFY, "--json")

    rows = {row["case"]: row for row in json.loads(result.out)}
    assert result.code == 0
    assert {name: row["status"] for name, row in rows.items()} == {
        "valid request": 202,
        "wrong secret": 401,
        "signed 10 minutes ago": None,
        "changed body": 401,
        "sent again": 202,
        "4,000,001 bytes": 413,
        "not UTF-8, signed": 400,
        "no signature": 401,
    }
    assert rows["sent again"]["outcome"] == "duplicate"
    assert rows["signed 10 minutes ago"]["outcome"] == "the signature has no time"
    assert served.all() == []


def test_the_requests_leave_one_ignored_delivery_and_the_unreadable_one(
    signalbox: CommandLine, served: Served
) -> None:
    signalbox(*VERIFY)

    stored = served.wiring.deliveries.newest("github", "default", Window())
    assert sorted(delivery.status for delivery in stored) == [
        DeliveryStatus.FAILED,
        DeliveryStatus.IGNORED,
    ]


def test_the_table_names_the_cases_and_their_outcomes(signalbox: CommandLine) -> None:
    result = signalbox(*VERIFY)

    assert "valid request" in result.out
    assert "413" in result.out
    assert "sent the sample star.created, delivery dlv_" in result.err


def test_a_wrong_secret_of_ours_fails_the_valid_request(signalbox: CommandLine) -> None:
    result = signalbox("sources", "verify", "github", "--secret", "another secret", "--json")

    first, *_ = json.loads(result.out)
    assert result.code == 1
    assert (first["status"], first["ok"]) == (401, False)


@pytest.mark.parametrize("status", [200, 401, 500])
def test_an_endpoint_that_answers_everything_alike_fails(
    signalbox: CommandLine, status: int
) -> None:
    with FakeEndpoint(Reply(status=status, body=b"{}")).running() as server:
        result = signalbox(*VERIFY, "--url", server.url, "--json")

    rows = {row["case"]: row["ok"] for row in json.loads(result.out)}
    assert result.code == 1
    assert not all(rows[name] for name in ("valid request", "wrong secret", "4,000,001 bytes"))


def test_a_second_delivery_in_place_of_the_duplicate_fails(signalbox: CommandLine) -> None:
    ids = iter(f"dlv_{number}" for number in range(9))

    class Forgetful(FakeHttpServer):
        def reply_to(self, received: Received) -> Reply:
            return Reply(status=200, headers={"x-signalbox-delivery": next(ids)})

    with Forgetful().running() as server:
        result = signalbox(*VERIFY, "--url", server.url, "--json")

    rows = {row["case"]: row["ok"] for row in json.loads(result.out)}
    assert rows["valid request"]
    assert rows["sent again"] is False


def test_an_endpoint_that_is_not_there_is_exit_code_3(signalbox: CommandLine) -> None:
    result = signalbox(*VERIFY, "--url", "http://127.0.0.1:9/x")

    assert result.code == 3


def test_a_task_that_no_sample_avoids_is_named(
    signalbox: CommandLine, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "sample_names", lambda _provider: ["issue_comment.created"])

    result = signalbox(*VERIFY)

    (task,) = served.all()
    assert f"signalbox tasks cancel {task.id}" in result.err


@pytest.mark.parametrize("name", ["github/", "/default", "github/a/b", ""])
def test_what_names_no_source_is_wrong_usage(signalbox: CommandLine, name: str) -> None:
    assert signalbox("sources", "verify", name).code == 2


def test_a_time_in_the_signature_is_made_old() -> None:
    request = planned(TimedGitHub())["signed 10 minutes ago"].request

    assert request is not None
    with pytest.raises(SignatureInvalid, match="more than 0:05:00"):
        TimedGitHub().verify(request, [SECRET])
    earlier = replace(TimedGitHub(), clock=lambda: utc_now() - timedelta(minutes=10))
    assert earlier.verify(request, [SECRET]) == 0


def test_the_changed_body_has_the_signature_of_the_valid_one() -> None:
    plan = planned(GitHub())
    valid, changed = plan["valid request"].request, plan["changed body"].request

    assert valid is not None
    assert changed is not None
    assert changed.headers == valid.headers
    assert changed.body != valid.body


def test_a_body_that_is_not_signed_is_not_changed() -> None:
    assert planned(TokenGitHub())["changed body"].skipped == "the body is not signed"


def test_without_a_private_key_what_needs_none_is_sent() -> None:
    plan = planned(KeyPairGitHub())

    sent = [name for name, case in plan.items() if case.request]
    assert sent == ["4,000,001 bytes", "no signature"]
    assert "--secret" in plan["valid request"].skipped


def test_a_stored_public_key_signs_nothing_and_a_private_one_everything() -> None:
    private = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    discord = Discord()
    public = discord.verification_secret(private)

    stored = cases.verification_plan(
        WebhookEndpoint(url=URL, provider=discord, secret=public, stored=True), "default"
    )
    given = cases.verification_plan(
        WebhookEndpoint(url=URL, provider=discord, secret=private), "default"
    )

    assert [case.name for case in stored.cases if case.request] == [
        "wrong secret",
        "4,000,001 bytes",
        "no signature",
    ]
    assert all(case.request for case in given.cases)
    valid = given.cases[0].request
    assert valid is not None
    assert discord.verify(valid, [public]) == 0


def test_bytes_that_are_not_text_are_signed_correctly() -> None:
    request = planned(GitHub())["not UTF-8, signed"].request

    assert request is not None
    assert GitHub().verify(request, [SECRET]) == 0
    with pytest.raises(UnicodeDecodeError):
        request.body.decode()


@pytest.mark.parametrize(
    ("names", "source", "chosen"),
    [
        (["issue_comment.created", "ping", "star.created"], Source(provider="github"), "star"),
        (["issue_comment.created", "push", "ping"], Source(provider="github"), "ping"),
        (["issue_comment.created", "push"], Source(provider="github"), "push"),
        (
            ["issue_comment.created", "push"],
            Source(provider="github", events=("push",), commands=("deploy",)),
            "issue_comment",
        ),
    ],
)
def test_the_sample_is_one_that_creates_no_task_of_the_source(
    monkeypatch: pytest.MonkeyPatch, names: list[str], source: Source, chosen: str
) -> None:
    monkeypatch.setattr(cases, "sample_names", lambda _provider: names)

    webhook = cases.quiet_webhook(endpoint(GitHub(), source), source)

    assert webhook.sample.name.startswith(chosen)


def test_a_sample_that_does_not_fit_the_settings_of_the_source_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["alertmanager.alerts.resolved", "cloudevents.structured"]
    monkeypatch.setattr(cases, "sample_names", lambda _provider: names)
    source = Source(provider="generic")

    webhook = cases.quiet_webhook(endpoint(Generic(), source), source)

    assert webhook.sample.name == "cloudevents.structured"
    names.remove("cloudevents.structured")
    with pytest.raises(CommandError, match="no sample of generic fits the settings"):
        cases.quiet_webhook(endpoint(Generic(), source), source)


def test_a_provider_without_a_sample_that_fits_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cases, "sample_names", lambda _provider: [])

    with pytest.raises(CommandError, match="no sample of github fits"):
        cases.verification_plan(endpoint(GitHub()), "default")
