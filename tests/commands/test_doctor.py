import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from random import Random

import boto3
import pytest
from pydantic import JsonValue

from cli.doctor.findings import Diagnosis, DiagnosisLevel, doctor_report, run_checks, summary_line
from cli.doctor.stack_checks import StackChecks
from cli.errors import CommandError
from cli.operator_client import OperatorClient
from cli.stack import Stack
from signalbox.aws.circuits import DynamoCircuits
from signalbox.http.schemas.metrics import RedeliveryMetrics
from signalbox.models.circuit import Circuit, opened
from signalbox.models.connection import Connection
from signalbox.models.connection_auth import RefreshSecret
from signalbox.models.grants import Grants
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.networks import NetworkPreset, PublishedNetworks
from signalbox.models.notification import delivered, exhausted, refused
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.runtime.registry import providers
from signalbox.services.ports.time import utc_now
from tests.builders import NOW, SECRET, a_connection, a_deferred, a_notification, a_service
from tests.commands.conftest import REGION, CommandLine
from tests.commands.served import Served
from tests.commands.test_queue import dead, dead_notification
from tests.fakes.certificates import DAY, FakeAuthority
from tests.fakes.token_endpoint import a_client, a_refresh_grant
from tests.fakes.tokens import an_issuer

TEAM = Connection(id=ConnectionId("team"), connector="slack")
TO_TEAM = Subscription(id=SubscriptionId("all"), connection=TEAM.id)
GITHUB = Source(provider="github")
HOOK: Mapping[str, JsonValue] = {"url": "https://ci.example.com/hooks"}
SLACK_SECRET = "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop"


def found(result: str, subject: str) -> Mapping[str, str]:
    """The one finding about the subject."""
    (finding,) = (row for row in json.loads(result)["findings"] if row["subject"] == subject)
    return dict(finding)


def subjects(result: str, level: DiagnosisLevel) -> list[str]:
    return [row["subject"] for row in json.loads(result)["findings"] if row["level"] == level]


def finding(level: DiagnosisLevel, subject: str = "x") -> Diagnosis:
    return Diagnosis(level=level, check="c", subject=subject, text="t")


def of_stack(stack: Stack) -> dict[str, Diagnosis]:
    checks = StackChecks(stack=stack, providers=providers())
    return {finding.subject: finding for finding in run_checks(checks.checks())}


def test_a_stack_without_faults_is_healthy(signalbox: CommandLine, served: Served) -> None:
    served.wiring.config.put(GITHUB)
    signalbox("send", "github", "star", "--secret", SECRET)

    result = signalbox("doctor")

    assert result.code == 0
    assert "no faults, no warnings, 1 not checked" in result.err
    assert "name the stack with --stage" in result.out


def test_each_fault_is_a_line_with_what_to_do(signalbox: CommandLine, served: Served) -> None:
    served.wiring.config.put(TO_TEAM)

    result = signalbox("doctor")

    assert result.code == 1
    (line,) = (line for line in result.out.splitlines() if "subscription all" in line)
    assert line.startswith("fault ")
    assert "there is no connection team" in line
    assert "->" in line


@pytest.mark.parametrize(
    ("connection", "subscription", "level"),
    [
        (TEAM, TO_TEAM, None),
        (TEAM.model_copy(update={"enabled": False}), TO_TEAM, DiagnosisLevel.WARNING),
        (None, TO_TEAM, DiagnosisLevel.FAULT),
        (None, TO_TEAM.model_copy(update={"enabled": False}), None),
    ],
)
def test_a_subscription_needs_an_enabled_connection(
    signalbox: CommandLine,
    served: Served,
    connection: Connection | None,
    subscription: Subscription,
    level: DiagnosisLevel | None,
) -> None:
    served.wiring.config.put(subscription)
    if connection:
        served.wiring.config.put(connection)

    rows = json.loads(signalbox("doctor", "--json").out)["findings"]

    assert [row["level"] for row in rows if row["subject"] == "subscription all"] == (
        [level] if level else []
    )


def test_a_source_that_received_nothing_is_a_warning(
    signalbox: CommandLine, served: Served
) -> None:
    served.wiring.config.put(GITHUB)
    served.wiring.config.put(Source(provider="github", name="off", enabled=False))

    result = signalbox("doctor", "--json")

    assert result.code == 0
    assert subjects(result.out, DiagnosisLevel.WARNING) == ["source github/default"]
    assert (
        "signalbox sources verify github/default"
        in found(result.out, "source github/default")["action"]
    )


def test_without_any_source_the_first_step_is_named(signalbox: CommandLine) -> None:
    result = signalbox("doctor", "--json")

    assert found(result.out, "sources")["action"] == "signalbox sources add PROVIDER"


def test_a_rejection_after_the_last_delivery_is_a_warning(
    signalbox: CommandLine, served: Served
) -> None:
    served.wiring.config.put(GITHUB)
    signalbox("send", "github", "star", "--secret", SECRET)
    signalbox("send", "github", "star", "--secret", "another secret")

    result = signalbox("doctor", "--json")

    rejected = found(result.out, "source github/default")
    assert rejected["level"] == DiagnosisLevel.WARNING
    assert "401 signature_invalid: the signature is missing" in rejected["text"]


def test_a_rejection_before_the_last_delivery_is_a_note(
    signalbox: CommandLine, served: Served
) -> None:
    served.wiring.config.put(GITHUB)
    signalbox("send", "github", "star", "--secret", "another secret")
    signalbox("send", "github", "star", "--secret", SECRET)

    result = signalbox("doctor", "--json")

    assert result.code == 0
    assert found(result.out, "source github/default")["level"] == DiagnosisLevel.NOTE


def test_a_paused_queue_is_a_warning_with_its_reason(signalbox: CommandLine) -> None:
    signalbox("queue", "pause", "low", "--reason", "moving")

    result = signalbox("doctor", "--json")

    assert result.code == 0
    assert "moving" in found(result.out, "queue low")["text"]
    assert found(result.out, "queue low")["action"] == "signalbox queue resume low"


def test_dead_letters_are_faults_of_their_kinds(signalbox: CommandLine, served: Served) -> None:
    dead(served)
    dead(served)
    dead_notification(served)

    result = signalbox("doctor", "--json")

    assert result.code == 1
    assert found(result.out, "tasks")["text"].startswith("2 without attempts")
    assert "Slack answered 500" in found(result.out, "notifications")["text"]


def test_an_open_circuit_is_a_fault(signalbox: CommandLine, served: Served) -> None:
    served.wiring.config.put(TEAM)
    circuits = DynamoCircuits(table=served.wiring.state_table, clock=utc_now)
    circuits.replace(TEAM.id, Circuit(), opened(Circuit(), utc_now(), Random(7)))
    notify(served, DEAD)

    result = signalbox("doctor", "--json")

    assert result.code == 1
    text = found(result.out, "connection team")["text"]
    assert "its circuit is open; the next probe is at" in text
    assert text.endswith("; the last reason: Slack answered 500")


def notify(served: Served, *ends: NotificationStatus, connection: str = "team") -> None:
    """Notifications of a connection that ended so, one after the other."""
    for number, end in enumerate(ends):
        at = utc_now() - timedelta(minutes=9 - number)
        note = a_notification(connection=ConnectionId(connection), created_at=at)
        after = {
            NotificationStatus.QUEUED: note,
            NotificationStatus.DELIVERED: delivered(note, utc_now()),
            NotificationStatus.FAILED: refused(note, "no_team", utc_now()),
            NotificationStatus.DEAD: exhausted(note, "Slack answered 500", utc_now()),
        }
        served.wiring.notifications.create(after[end])


GOOD, BAD, DEAD, OPEN = (
    NotificationStatus.DELIVERED, NotificationStatus.FAILED, NotificationStatus.DEAD,
    NotificationStatus.QUEUED,
)  # fmt: skip


def test_a_connection_whose_last_notifications_failed_is_a_fault_with_the_last_reason(
    signalbox: CommandLine, served: Served
) -> None:
    notify(served, GOOD, BAD, BAD, DEAD, BAD, BAD, OPEN)

    result = signalbox("doctor", "--json")

    assert result.code == 1
    assert (
        "its last 5 notifications failed; the last: no_team"
        in found(result.out, "connection team")["text"]
    )


@pytest.mark.parametrize("ends", [(BAD, BAD), (BAD, BAD, BAD, GOOD), (BAD, GOOD, BAD, BAD, BAD)])
def test_a_connection_that_failed_now_and_then_is_not_named(
    signalbox: CommandLine, served: Served, ends: tuple[NotificationStatus, ...]
) -> None:
    notify(served, *ends)

    result = signalbox("doctor", "--json")

    assert "connection team" not in subjects(result.out, DiagnosisLevel.FAULT)


@pytest.mark.parametrize(("minutes", "warned"), [(4, False), (6, True)])
def test_a_deferred_delivery_that_waits_for_long_is_a_warning(
    signalbox: CommandLine,
    served: Served,
    minutes: int,
    warned: bool,  # noqa: FBT001  what is expected
) -> None:
    received_at = utc_now() - timedelta(minutes=minutes)
    served.wiring.deliveries.create(a_deferred(received_at=received_at), b"{}")

    result = signalbox("doctor", "--json")

    assert ("deferred deliveries" in subjects(result.out, DiagnosisLevel.WARNING)) is warned


def redelivery(**changes: object) -> RedeliveryMetrics:
    counts = dict.fromkeys(("missed", "requested", "healed", "unhealable", "open"), 0)
    facts = {"provider": "github", "source": "ci", "looked_at": utc_now(), "blocked_until": None}
    return RedeliveryMetrics.model_validate({**facts, **counts, **changes})


@pytest.mark.parametrize(
    ("changes", "level", "text"),
    [
        ({}, None, ""),
        ({"looked_at": None}, DiagnosisLevel.FAULT, "was not read yet"),
        (
            {"looked_at": utc_now() - timedelta(hours=2)},
            DiagnosisLevel.FAULT,
            "was not read since 20",
        ),
        ({"open": 3}, DiagnosisLevel.WARNING, "3 missed webhooks"),
    ],
)
def test_a_delivery_log_that_is_not_read_is_a_fault(
    signalbox: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
    level: DiagnosisLevel | None,
    text: str,
) -> None:
    figures = OperatorClient.figures
    monkeypatch.setattr(
        OperatorClient,
        "figures",
        lambda self: figures(self).model_copy(update={"redelivery": (redelivery(**changes),)}),
    )

    rows = json.loads(signalbox("doctor", "--json").out)["findings"]

    about = [row for row in rows if row["subject"] == "source github/ci"]
    assert [row["level"] for row in about] == ([level] if level else [])
    assert all(text in row["text"] for row in about)


def test_an_api_that_does_not_answer_is_a_fault() -> None:
    result = CommandLine(options=["--url", "http://127.0.0.1:9", "--key", "x"])("doctor", "--json")

    assert result.code == 1
    assert subjects(result.out, DiagnosisLevel.FAULT) == ["api"]


def test_services_that_do_not_answer_the_api_are_a_fault(
    signalbox: CommandLine, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OperatorClient, "health", lambda _self: None)
    served.away = 503

    result = signalbox("doctor", "--json")

    assert subjects(result.out, DiagnosisLevel.FAULT) == ["api"]
    assert "metrics" in subjects(result.out, DiagnosisLevel.UNCHECKED)


def test_a_check_that_a_key_does_not_allow_does_not_end_the_others(
    signalbox: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_self: OperatorClient) -> None:
        raise CommandError("403 forbidden: this needs the scope metrics:read")

    monkeypatch.setattr(OperatorClient, "figures", refused)
    signalbox("queue", "pause", "low")

    result = signalbox("doctor", "--json")

    assert "scope metrics:read" in found(result.out, "metrics")["text"]
    assert found(result.out, "queue low")["level"] == DiagnosisLevel.WARNING


def test_an_error_of_our_own_is_not_hidden() -> None:
    def broken() -> list[Diagnosis]:
        raise KeyError("x")

    with pytest.raises(KeyError):
        list(run_checks({"broken": broken}))


def test_faults_come_first_and_alone_make_it_unhealthy() -> None:
    report = doctor_report(
        [
            finding(DiagnosisLevel.NOTE),
            finding(DiagnosisLevel.FAULT),
            finding(DiagnosisLevel.WARNING),
        ]
    )

    assert [each.level for each in report.findings] == ["fault", "warning", "note"]
    assert not report.healthy
    others = [finding(level) for level in DiagnosisLevel if level is not DiagnosisLevel.FAULT]
    assert doctor_report(others).healthy


def test_the_summary_counts_each_level() -> None:
    levels = [DiagnosisLevel.FAULT, DiagnosisLevel.WARNING, DiagnosisLevel.WARNING]

    assert summary_line([finding(level) for level in levels]) == "1 fault, 2 warnings"


def test_what_lacks_its_secret_is_a_fault(stack: Stack) -> None:
    stack.config.put(GITHUB)
    stack.config.put(TEAM)
    stack.config.put(an_issuer(jwks=None, shared_secret=True))

    faults = of_stack(stack)

    assert faults["source github/default"].action == "signalbox secrets set sources/github/default"
    assert faults["connection team"].action == "signalbox secrets set connections/team"
    assert "its tokens are refused" in faults["issuer corp"].text
    assert {each.level for name, each in faults.items() if name != "stack"} == {
        DiagnosisLevel.FAULT
    }


def test_a_connection_that_needs_no_secret_is_not_named(stack: Stack) -> None:
    settings: dict[str, JsonValue] = {"sender": "signalbox@example.com", "to": ["a@example.com"]}
    stack.config.put(TEAM.model_copy(update={"connector": "email", "settings": settings}))

    assert set(of_stack(stack)) == {"stack"}


def test_settings_that_a_connector_refuses_are_a_fault(stack: Stack) -> None:
    stack.config.put(TEAM.model_copy(update={"connector": "email", "settings": {"odd": 1}}))

    assert "its settings are refused" in of_stack(stack)["connection team"].text


def test_what_has_its_secret_or_is_disabled_is_not_named(stack: Stack) -> None:
    stack.config.put(GITHUB)
    stack.config.put(TEAM)
    stack.config.put(Source(provider="github", name="off", enabled=False))
    stack.secrets.put("sources/github/default", [SECRET])
    stack.secrets.put("connections/team", [SLACK_SECRET])

    assert set(of_stack(stack)) == {"stack"}


def test_a_source_that_is_verified_by_published_keys_lacks_no_secret(stack: Stack) -> None:
    topic = "arn:aws:sns:eu-central-1:123456789012:alarms"
    settings = {"preset": "sns", "verify": {"type": "sns", "topic": topic}}
    source = {"provider": "generic", "name": "alarms", "settings": settings}
    stack.config.put(Source.model_validate(source))

    assert "source generic/alarms" not in of_stack(stack)


def test_a_secret_that_cannot_be_used_is_a_fault(stack: Stack) -> None:
    stack.config.put(TEAM)
    stack.secrets.put("connections/team", ["xoxb-1234567890-abcdefghijkl"])

    fault = of_stack(stack)["connection team"]

    assert "connections/team cannot be used" in fault.text
    assert "xoxb" not in fault.model_dump_json()


def test_a_connection_with_auth_needs_a_secret_for_its_token_endpoint(stack: Stack) -> None:
    stack.config.put(a_connection(id="ci", connector="webhook", settings=HOOK, auth=a_client()))
    stack.secrets.put("connections/ci", ["a client secret"])

    assert set(of_stack(stack)) == {"stack"}


@pytest.mark.parametrize(
    ("current", "faulty"), [("first", {"connection ci"}), ("second", set[str]())]
)
def test_a_refused_refresh_token_is_a_fault_until_there_is_another(
    stack: Stack, current: str, faulty: set[str]
) -> None:
    auth = a_refresh_grant()
    connection = a_connection(id="ci", connector="webhook", settings=HOOK, auth=auth)
    first = RefreshSecret(refresh_token="first")
    stack.config.put(connection)
    stack.secrets.put("connections/ci", [json.dumps({"refresh_token": current})])
    stack.grants.put(connection, Grants().refusing(auth.origin(first), "first", NOW))

    findings = of_stack(stack)

    assert set(findings) == {"stack", *faulty}
    for name in faulty:
        assert "its refresh token was refused at 2026-03-01" in findings[name].text
        assert findings[name].action.endswith("signalbox secrets set connections/ci")


@pytest.mark.parametrize(
    ("left", "level", "text"),
    [
        (None, DiagnosisLevel.FAULT, "it has no client certificate"),
        (-DAY, DiagnosisLevel.FAULT, "cannot be used: the certificate has expired"),
        (13 * DAY, DiagnosisLevel.WARNING, "its client certificate expires at"),
        (15 * DAY, None, ""),
    ],
)
def test_a_client_certificate_is_named_two_weeks_before_it_expires(
    stack: Stack, tmp_path: Path, left: timedelta | None, level: DiagnosisLevel | None, text: str
) -> None:
    tls = {"client_certificate": True}
    stack.config.put(a_connection(id="ci", connector="webhook", settings=HOOK, tls=tls))
    stack.secrets.put("connections/ci", ["whsec_" + "c2VjcmV0" * 4])
    if left:
        pem = FakeAuthority(tmp_path).client_pem(left=left)
        stack.secrets.put("connections/ci/certificate", [pem])

    finding = of_stack(stack).get("connection ci")

    assert (finding.level if finding else None) == level
    assert text in (finding.text if finding else "")


def test_the_tls_secrets_of_a_service_are_checked(stack: Stack, tmp_path: Path) -> None:
    stack.config.put(a_service(tls={"ca": True, "client_certificate": True}))
    missing = of_stack(stack)["service orders"]
    authority = FakeAuthority(tmp_path)
    stack.secrets.put("services/orders/ca", [authority.certificate])
    stack.secrets.put("services/orders/certificate", [authority.client_pem(left=13 * DAY)])

    expiring = of_stack(stack)["service orders"]

    assert (missing.level, missing.check) == (DiagnosisLevel.FAULT, "services")
    assert (expiring.level, expiring.check) == (DiagnosisLevel.WARNING, "services")
    assert "its client certificate expires at" in expiring.text


def test_settings_that_need_a_token_name_it(stack: Stack) -> None:
    settings: dict[str, JsonValue] = {"redelivery": {"hook": "repos/octo-org/site/hooks/1"}}
    stack.config.put(Source(provider="github", settings=settings))
    stack.secrets.put("sources/github/default", [SECRET])

    fault = of_stack(stack)["source github/default"]

    assert fault.action == "signalbox secrets set tokens/github/default"


def test_settings_and_providers_that_are_not_of_this_version_are_faults(stack: Stack) -> None:
    stack.config.put(Source(provider="github", settings={"odd": 1}))
    stack.config.put(Source(provider="svn"))
    stack.secrets.put("sources/github/default", [SECRET])

    faults = of_stack(stack)

    assert "its settings are refused" in faults["source github/default"].text
    assert faults["source svn/default"].text == "there is no provider svn"


def test_rules_of_a_source_that_cannot_be_applied_are_faults(stack: Stack) -> None:
    stack.config.put(Source(provider="github", filter="lower(event.title)"))
    stack.secrets.put("sources/github/default", [SECRET])

    fault = of_stack(stack)["source github/default"]

    assert fault.level is DiagnosisLevel.FAULT
    assert fault.text == "its filter is refused: calls lower(), which JMESPath does not have"


@pytest.mark.parametrize(
    ("age", "reason", "text"),
    [
        (None, None, "the networks of github were not fetched, and it answers 503"),
        (None, "down", "the networks of github were not fetched, and it answers 503: down"),
        (timedelta(days=2), "down", "the networks of github are those of "),
        (timedelta(hours=12), "down", ""),
    ],
)
def test_networks_that_are_missing_or_old_are_a_fault(
    stack: Stack, age: timedelta | None, reason: str | None, text: str
) -> None:
    source = Source(provider="github", networks=("preset:github",))
    stack.config.put(source)
    stack.secrets.put(source.secret_name, [SECRET])
    if age or reason:
        stack.config.put(
            PublishedNetworks(
                service=NetworkPreset.GITHUB,
                networks=("192.0.2.0/24",) if age else (),
                fetched_at=utc_now() - age if age else None,
                checked_at=utc_now(),
                reason=reason,
            )
        )

    fault = of_stack(stack).get("source github/default")

    shown = fault.text if fault else ""
    assert shown.startswith(text)
    assert bool(shown) is bool(text)


def test_configuration_that_cannot_be_read_is_named_once(stack: Stack) -> None:
    boto3.client("dynamodb", region_name=REGION).put_item(
        TableName=stack.outputs.config_table,
        Item={"pk": {"S": "SOURCE"}, "sk": {"S": "github/ci"}, "doc": {"S": '{"later": true}'}},
    )

    checks = StackChecks(stack=stack, providers=providers())
    findings = [each for each in run_checks(checks.checks()) if each.check == "configuration"]

    assert [each.subject for each in findings] == ["source github/ci"]


def test_alarms_without_a_topic_are_a_warning(stack: Stack) -> None:
    assert of_stack(stack)["stack"].level is DiagnosisLevel.WARNING
    assert "AlarmTopicArn" in of_stack(stack)["stack"].text


@pytest.mark.parametrize(
    "changes", [{"alarm_topic": "arn:aws:sns:us-east-1:1:t"}, {"endpoint_url": "http://127.0.0.1"}]
)
def test_a_topic_or_a_local_stack_is_no_warning(stack: Stack, changes: dict[str, str]) -> None:
    vars(stack).update(changes)

    assert list(StackChecks(stack=stack, providers=providers()).alarms()) == []


def test_a_default_source_with_a_secret_counts_without_configuration(stack: Stack) -> None:
    stack.secrets.put("sources/linear/default", ["lin_wh_1"])
    stack.config.put(GITHUB)
    stack.secrets.put("sources/github/default", [SECRET])

    checks = StackChecks(stack=stack, providers=providers())

    assert [source.key for source in checks.unconfigured_sources()] == ["linear/default"]


def test_without_a_key_the_stack_is_examined_all_the_same(
    on_aws: CommandLine, stack: Stack
) -> None:
    stack.config.put(GITHUB)

    result = on_aws("doctor", "--json")

    assert result.code == 1
    assert subjects(result.out, DiagnosisLevel.FAULT) == ["source github/default"]
    assert "no API key" in found(result.out, "api")["text"]


def test_where_neither_stack_nor_api_is_found_the_command_fails(tmp_path: Path) -> None:
    result = CommandLine(options=["--home", str(tmp_path)])("doctor")

    assert result.code == 3
    assert "the local stack is not running" in result.err
