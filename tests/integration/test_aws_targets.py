"""SES, SNS and EventBridge, as moto has them, and their errors."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from signalbox.aws.targets import BotoTargets
from signalbox.egress.aws_targets import BusEvent, RawEmail, TopicMessage
from signalbox.egress.responses import DEFAULT_RETRY_WAIT
from signalbox.models.errors import SendDelayed, SendRefused
from tests.builders import NOW
from tests.fakes.aws_targets import real_targets

REGION = "us-east-1"
EMAIL = RawEmail(
    sender="signalbox@example.com",
    recipients=("a@example.com",),
    message=b"Subject: Fix the login\r\n\r\nhello\r\n",
)


@pytest.fixture
def aws() -> Iterator[BotoTargets]:
    with mock_aws():
        yield real_targets()


def _client(service: Any) -> Any:
    return boto3.client(
        service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
    )


def _event(bus: str = "default") -> BusEvent:
    return BusEvent(
        bus=bus, source="signalbox", detail_type="t", detail="{}", time=NOW, resource="tsk_1"
    )


def _message(topic: str, **changes: Any) -> TopicMessage:
    facts = {"subject": "New task", "message": "{}", "attributes": {"type": "created"}}
    return TopicMessage(topic=topic, **(facts | changes))


def test_an_email_is_sent_by_ses(aws: BotoTargets) -> None:
    _client("sesv2").create_email_identity(EmailIdentity="example.com")

    aws.send_email(EMAIL, configuration_set="builds", endpoint=None)

    [sent] = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert sent.source == "signalbox@example.com"
    assert "Fix the login" in sent.raw_data


def test_a_sender_that_is_not_verified_is_refused(aws: BotoTargets) -> None:
    with pytest.raises(SendRefused, match="SES answered MessageRejected"):
        aws.send_email(EMAIL, configuration_set=None, endpoint=None)


@pytest.mark.parametrize("fifo", [False, True])
def test_a_message_is_published(aws: BotoTargets, *, fifo: bool) -> None:
    name, attributes = ("t.fifo", {"FifoTopic": "true"}) if fifo else ("t", {})
    topic = _client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
    more = {"group": "tsk_1", "deduplication": "ntf_1"} if fifo else {}

    aws.publish(_message(topic, **more), endpoint=None)

    [sent] = sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics[topic].sent_notifications
    assert sent[1:4] == ("{}", "New task", {"type": {"Type": "String", "Value": "created"}})


def test_a_topic_that_is_not_there_is_refused(aws: BotoTargets) -> None:
    with pytest.raises(SendRefused, match="SNS answered NotFound"):
        aws.publish(_message(f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:none"), endpoint=None)


def test_an_event_is_put_on_a_bus(aws: BotoTargets) -> None:
    aws.put_event(_event(), endpoint=None)


class Failing:
    """A client of any service, whose every method raises or answers the same."""

    def __init__(self, outcome: object) -> None:
        self.outcome = outcome

    def __getattr__(self, _: str) -> Any:
        def call(**_: object) -> object:
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return self.outcome

        return call


def _failing(outcome: object) -> BotoTargets:
    def client(_: str | None) -> Any:
        return Failing(outcome)

    return BotoTargets(ses=client, sns=client, events=client)


def _answer(code: str, status: int) -> ClientError:
    error: Any = {
        "Error": {"Code": code, "Message": "a secret"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(error, "SendEmail")


@pytest.mark.parametrize(
    ("failure", "error", "reason"),
    [
        (_answer("TooManyRequestsException", 429), SendDelayed, "TooManyRequestsException"),
        (_answer("Throttling", 400), SendDelayed, "Throttling"),
        (_answer("InternalError", 500), SendDelayed, "InternalError"),
        (_answer("a secret", 503), SendDelayed, "answered 503"),
        (_answer("AccessDeniedException", 403), SendRefused, "AccessDeniedException"),
        (_answer("MailFromDomainNotVerifiedException", 400), SendRefused, "MailFrom"),
        (EndpointConnectionError(endpoint_url="https://a-secret"), SendDelayed, "Endpoint"),
        (ParamValidationError(report="a secret"), SendRefused, "no such parameters"),
    ],
)
def test_an_error_of_aws_is_judged(
    failure: Exception, error: type[SendRefused | SendDelayed], reason: str
) -> None:
    with pytest.raises(error, match=reason) as raised:
        _failing(failure).send_email(EMAIL, configuration_set=None, endpoint=None)

    assert "secret" not in raised.value.reason
    is_throttled = reason.startswith(("TooMany", "Throttling"))
    if isinstance(raised.value, SendDelayed):
        assert raised.value.after == (DEFAULT_RETRY_WAIT if is_throttled else None)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", SendDelayed),
        ("InternalFailure", SendDelayed),
        ("NotAuthorizedForSourceException", SendRefused),
        ("", SendRefused),
    ],
)
def test_an_event_that_a_bus_does_not_take_is_no_success(code: str, error: type[Exception]) -> None:
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code}]}

    with pytest.raises(error, match="EventBridge"):
        _failing(answer).put_event(_event(), endpoint=None)
