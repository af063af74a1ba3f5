from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Final

import pytest
from hypothesis import given, settings
from pydantic import JsonValue

from cli.doubles.double import DoubleRequest
from cli.doubles.email import SesDouble
from signalbox.connectors.email import Email
from signalbox.connectors.email.message import render_email
from signalbox.egress.aws_targets import NoAwsTargets
from signalbox.egress.http_client import HttpClient
from signalbox.egress.responses import SecretRefused
from signalbox.egress.smtp import SmtpClient
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from tests.builders import (
    NOW,
    a_connection,
    a_notification,
    a_notification_of,
    a_result,
    a_task,
    done,
)
from tests.contract.hostile_inputs import notifications
from tests.fakes.aws_targets import FakeAwsTargets
from tests.fakes.references import clients
from tests.fakes.smtp_server import PASSWORD, USERNAME, FakeSmtpServer

CONNECTOR: Final = Email(clients())
BASE: Final[dict[str, JsonValue]] = {"sender": "signalbox@example.com", "to": ["a@example.com"]}


def _connection(**changes: JsonValue) -> Connection:
    return a_connection(connector="email", settings=BASE | changes)


def _parsed(message: bytes) -> EmailMessage:
    return message_from_bytes(message, EmailMessage, policy=default)


def _rendered(notification: Notification, prefix: str = "") -> EmailMessage:
    return _parsed(
        render_email(
            notification,
            sender="signalbox@example.com",
            sender_name="Signalbox",
            recipients=("a@example.com", "b@example.com"),
            subject_prefix=prefix,
            at=NOW,
        )
    )


def _part(email: EmailMessage, kind: str) -> str:
    part = email.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_an_email_says_what_happened() -> None:
    task = a_task(attempt=1, reason="a reason", result=a_result())
    notification = a_notification_of(task, "succeeded")

    email = _rendered(notification)

    assert email["From"] == "Signalbox <signalbox@example.com>"
    assert email["To"] == "a@example.com, b@example.com"
    assert email["Subject"] == "Fix the login"
    assert email["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert email["Auto-Submitted"] == "auto-generated"
    assert _part(email, "plain").splitlines() == [
        *("Task succeeded: Fix the login", ""),
        *("Kind: fix", "Priority: normal", "Repository: octo/hello", "Author: octocat"),
        *("Attempt: 1 of 3", "", "Reason:", "a reason", "", "Result:", "fixed", ""),
        "Source: https://github.com/octo/hello/issues/1#issuecomment-1",
        *("Result: https://example.com/pull/2", "", "-- ", f"{task.id} {notification.id}"),
    ]
    html = _part(email, "html")
    assert "<h2>Task succeeded</h2>" in html
    assert '<a href="https://example.com/pull/2">Result</a>' in html


def test_all_emails_about_a_task_are_one_thread() -> None:
    task = a_task()

    first, second = (
        _rendered(a_notification(task)),
        _rendered(a_notification_of(done(task), "succeeded")),
    )

    root = f"<{task.id}@example.com>"
    assert {str(each["References"]) for each in (first, second)} == {root}
    assert {str(each["In-Reply-To"]) for each in (first, second)} == {root}
    assert first["Subject"] == second["Subject"]
    assert first["Message-ID"] != second["Message-ID"]


def test_a_repeated_email_has_the_same_id() -> None:
    notification = a_notification()

    first, second = _rendered(notification), _rendered(notification)

    assert first["Message-ID"] == second["Message-ID"] == f"<{notification.id}@example.com>"


def test_a_new_task_is_described() -> None:
    email = _rendered(a_notification(a_task(description="It fails.\nOften.", progress="half")))

    assert "Description:\nIt fails.\nOften." in _part(email, "plain")
    assert "Progress:\nhalf" in _part(email, "plain")


def test_the_message_of_a_template_replaces_our_words() -> None:
    notification = a_notification().model_copy(update={"text": "Look:\n<fixed>"})

    email = _rendered(notification)

    assert _part(email, "plain").startswith("Look:\n<fixed>\n")
    assert "Look:\n&lt;fixed&gt;" in _part(email, "html")
    assert "New task" not in _part(email, "plain") + _part(email, "html")


def test_a_subject_can_have_a_prefix() -> None:
    assert _rendered(a_notification(), "[builds]")["Subject"] == "[builds] Fix the login"


def test_foreign_text_is_only_text() -> None:
    title = "x\r\nBcc: evil@example.com\r\n\r\n<script>alert(1)</script>"
    task = a_task(title=title, description='<img src="x"> ghp_0123456789abcdef0123')

    email = _rendered(a_notification(task))

    assert email["Bcc"] is None
    assert email["Subject"] == "x Bcc: evil@example.com <script>alert(1)</script>"
    html = _part(email, "html")
    assert "<script>" not in html
    assert "&lt;img src=&quot;x&quot;&gt; [masked]" in html


@settings(max_examples=40, deadline=None, derandomize=True)
@given(notification=notifications())
def test_any_task_makes_an_email_of_short_ascii_lines(notification: Notification) -> None:
    message = render_email(
        notification,
        sender="signalbox@example.com",
        sender_name="Signal·box",
        recipients=("a@example.com",),
        subject_prefix="",
        at=NOW,
    )

    assert message.isascii()
    assert max(map(len, message.split(b"\r\n"))) <= 998
    assert b"\n" not in message.replace(b"\r\n", b"")
    email = _parsed(message)
    assert [str(name) for name in email if name.lower() in {"to", "cc", "bcc"}] == ["To"]
    assert email["Subject"]
    assert notification.id in _part(email, "plain")


def test_an_email_is_sent_by_ses_without_a_secret() -> None:
    aws = FakeAwsTargets()
    connection = _connection(configuration_set="builds")

    Email(clients(aws=aws)).send(a_notification(), connection, [])

    [(email, endpoint, configuration_set)] = aws.sent
    assert aws.emails == [email]
    assert (aws.emails[0].sender, aws.emails[0].recipients) == (
        "signalbox@example.com",
        ("a@example.com",),
    )
    assert (endpoint, configuration_set) == (None, "builds")


@pytest.mark.parametrize("error", [SendDelayed("later"), SendRefused("never")])
def test_what_ses_answers_is_the_outcome(error: Exception) -> None:
    with pytest.raises(type(error)):
        Email(clients(aws=FakeAwsTargets(error))).send(a_notification(), _connection(), [])


def test_a_process_that_sends_nothing_calls_no_aws() -> None:
    with pytest.raises(SendDelayed):
        Email(clients(aws=NoAwsTargets())).send(a_notification(), _connection(), [])


def test_an_email_is_sent_by_a_server_with_the_password_that_it_accepts() -> None:
    with FakeSmtpServer().running() as server:
        smtp: JsonValue = {
            "host": "127.0.0.1",
            "port": server.port,
            "username": USERNAME,
            "encryption": "none",
        }
        connector = Email(clients(HttpClient(trusted=[server.url])), SmtpClient(timeout=2))

        connector.send(a_notification(), _connection(smtp=smtp), ["another", PASSWORD])

    [message] = server.emails
    assert _parsed(message)["To"] == "a@example.com"


def test_a_server_needs_a_password() -> None:
    smtp: JsonValue = {"host": "smtp.example.com", "username": USERNAME}

    with pytest.raises(SendRefused, match="no secret"):
        CONNECTOR.send(a_notification(), _connection(smtp=smtp), [])

    assert CONNECTOR.uses_secret(_connection(smtp=smtp))
    assert not CONNECTOR.uses_secret(_connection())


def test_a_password_that_no_server_accepts_is_refused() -> None:
    with FakeSmtpServer().running() as server:
        smtp: JsonValue = {
            "host": "127.0.0.1",
            "port": server.port,
            "username": USERNAME,
            "encryption": "none",
        }
        connector = Email(clients(HttpClient(trusted=[server.url])), SmtpClient(timeout=2))

        with pytest.raises(SecretRefused):
            connector.send(a_notification(), _connection(smtp=smtp), ["one", "another"])

    assert server.commands.count("AUTH") == 2


@pytest.mark.parametrize("secret", ["", " x", "pässword", "a\nb"])
def test_a_password_that_cannot_be_sent_is_refused(secret: str) -> None:
    smtp: JsonValue = {"host": "smtp.example.com", "username": USERNAME}

    with pytest.raises(Conflict, match="password"):
        CONNECTOR.check_secret(_connection(smtp=smtp), secret)


def test_a_connection_by_ses_has_no_secret() -> None:
    with pytest.raises(Conflict, match="SES"):
        CONNECTOR.check_secret(_connection(), "a secret")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"sender": "Signalbox <signalbox@example.com>"}, "sender"),
        ({"sender": "signalbox@example.com\r\nBcc: x@example.com"}, "sender"),
        ({"sender": "signalbox@localhost"}, "sender"),
        ({"sender_name": "x\r\ny"}, "sender_name"),
        ({"subject_prefix": "x\ny"}, "subject_prefix"),
        ({"to": []}, "to"),
        ({"to": ["x"]}, "to"),
        ({"to": ["a@example.com"] * 51}, "to"),
        ({"smtp": {"host": "smtp.example.com"}}, "username"),
        ({"smtp": {"host": "smtp.example.com", "username": "u", "port": 25}}, "smtp.port"),
        (
            {"smtp": {"host": "smtp.example.com", "username": "u", "encryption": "none"}},
            "smtp.encryption",
        ),
        *(
            (
                {"smtp": {"host": "smtp.example.com", "username": "u", "ca_certificate": text}},
                "smtp.ca_certificate",
            )
            for text in (
                "",
                "mail.pem",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            )
        ),
        ({"api_url": "https://ses.example.com"}, "api_url"),
        ({"odd": 1}, "odd"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, JsonValue], name: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        CONNECTOR.check(_connection(**changes))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", "MessageRejected"),
        (b'{"FromEmailAddress": "signalbox@example.com"}', "BadRequestException"),
        (
            (
                b'{"FromEmailAddress": "signalbox@example.com", "Content": {"Raw": {"Data": "x"}},'
                b' "Destination": {"ToAddresses": ["a"]}}'
            ),
            "BadRequestException",
        ),
    ],
)
def test_the_double_refuses_what_ses_refuses(body: bytes, code: str) -> None:
    request = DoubleRequest(
        method="POST",
        path="/v2/email/outbound-emails",
        headers={"authorization": "AWS4-HMAC-SHA256 Signature=0"},
        body=body,
    )

    answer = SesDouble().respond(request)

    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (400, code)
