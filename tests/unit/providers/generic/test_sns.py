"""Messages of Amazon SNS.

Those in the folder `sns`, and their certificate, are of Amazon: github.com/aws/aws-sdk-java-v2,
services-custom/sns-message-manager/src/test/resources. Others are signed by a key of the tests.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives import hashes
from pydantic import JsonValue

from signalbox.models.errors import Conflict, PayloadInvalid, SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.generic.provider import Generic
from tests.contract.hostile_requests import UNREADABLE
from tests.fakes.certificates import FakeAuthority, FakeRsaSigner
from tests.fakes.clock import FakeClock
from tests.samples import request_of

FOLDER: Final = Path(__file__).parent / "sns"
TOPIC: Final = "arn:aws:sns:us-west-2:131990247566:dongie-standard-topic"
CERTIFICATE: Final = (FOLDER / "certificate.pem").read_text()
SENT: Final = datetime(2026, 3, 6, 20, 1, tzinfo=UTC)
RECORDED: Final = ("subject", "version-2", "subscription")
ORIGIN: Final = "https://sns.us-west-2.amazonaws.com"
PATH: Final = "/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem"


def a_source(topic: str = TOPIC, *, now: datetime = SENT) -> Generic:
    return Generic(clock=FakeClock(now)).with_settings(
        {"preset": "sns", "verify": {"type": "sns", "topic": topic}}
    )


def a_message(recorded: str, *missing: str, **changes: JsonValue) -> dict[str, JsonValue]:
    members = json.loads((FOLDER / f"{recorded}.json").read_text()) | changes
    return {name: value for name, value in members.items() if name not in missing}


def sent(message: JsonValue) -> InboundRequest:
    return request_of("generic", {"content-type": "text/plain"}, json.dumps(message).encode())


def signed(signer: FakeRsaSigner, message: Mapping[str, JsonValue], *names: str) -> InboundRequest:
    """The request with these members signed, in this order."""
    text = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
    signature = base64.b64encode(signer.sign(text, hashes.SHA256())).decode()
    return sent({**message, "SignatureVersion": "2", "Signature": signature})


@pytest.fixture(scope="module")
def signer() -> FakeRsaSigner:
    return FakeRsaSigner(SENT)


@pytest.mark.parametrize("name", RECORDED)
def test_a_message_of_amazon_is_accepted_with_its_certificate(name: str) -> None:
    request = sent(a_message(name))

    assert a_source().key_url(request) == ORIGIN + PATH
    assert a_source().verify(request, [CERTIFICATE]) == 0
    assert not a_source().uses_secret


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("member", ["Message", "MessageId", "Timestamp", "Token", "SubscribeURL"])
def test_a_changed_member_is_refused(name: str, member: str) -> None:
    message = a_message(name)
    if member not in message:
        return
    changed = {**message, member: str(message[member])[:-1] + "0"}

    with pytest.raises(SignatureInvalid):
        a_source().verify(sent(changed), [CERTIFICATE])


@pytest.mark.parametrize(
    "changes",
    [
        {"Subject": "another"},
        {"Subject": None},
        {"SignatureVersion": "2"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": 1},
        {"Signature": ""},
        {"Signature": "é"},
        {"Signature": "QUJD"},
        {"Signature": None},
        {"Type": "SubscriptionConfirmation"},
        {"Type": "UnsubscribeConfirmation"},
        {"Type": "Other"},
        {"Type": ["Notification"]},
        {"TopicArn": "arn:aws:sns:us-west-2:131990247566:another"},
        {"TopicArn": None},
        {"Timestamp": "yesterday"},
        {"Timestamp": 0},
        {"Message": 7},
        {"Message": "\ud800"},
        {"MessageId": "a\nb"},
    ],
)
def test_a_malformed_or_forged_message_is_refused(changes: dict[str, JsonValue]) -> None:
    request = sent(a_message("subject", **changes))

    with pytest.raises(SignatureInvalid):
        a_source().verify(request, [CERTIFICATE])


@pytest.mark.parametrize("how", UNREADABLE)
def test_a_body_that_is_no_message_is_refused(how: str) -> None:
    request = request_of("generic", {}, UNREADABLE[how])

    for check in (a_source().key_url, a_source().confirmation_url):
        with pytest.raises(SignatureInvalid):
            check(request)
    with pytest.raises(SignatureInvalid):
        a_source().verify(request, [CERTIFICATE])


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        PATH,
        f"http://sns.us-west-2.amazonaws.com{PATH}",
        f"https://sns.eu-west-1.amazonaws.com{PATH}",
        f"https://sns.us-west-2.amazonaws.com.cn{PATH}",
        f"https://sns.us-west-2.amazonaws.com.evil.example{PATH}",
        f"https://sns.us-west-2.amazonaws.com@evil.example{PATH}",
        f"https://user@sns.us-west-2.amazonaws.com{PATH}",
        f"https://sns.us-west-2.amazonaws.com:444{PATH}",
        f"https://s3.us-west-2.amazonaws.com{PATH}",
        f"{ORIGIN}/bucket{PATH}",
        f"{ORIGIN}/..{PATH}",
        f"{ORIGIN}{PATH}?a=b",
        f"{ORIGIN}{PATH}#a",
        f"{ORIGIN}{PATH}\n",
        f"{ORIGIN}{PATH.upper()}",
        f"{ORIGIN}/SimpleNotificationService-.pem",
        f"{ORIGIN}/?Action=ConfirmSubscription",
    ],
)
def test_a_certificate_at_another_address_is_never_fetched(url: JsonValue) -> None:
    request = sent(a_message("subject", SigningCertURL=url))

    with pytest.raises(SignatureInvalid):
        a_source().key_url(request)


@pytest.mark.parametrize(
    ("topic", "origin"),
    [
        ("arn:aws:sns:eu-central-1:123456789012:a", "https://sns.eu-central-1.amazonaws.com"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:a", "https://sns.cn-north-1.amazonaws.com.cn"),
        (
            "arn:aws-us-gov:sns:us-gov-west-1:123456789012:a",
            "https://sns.us-gov-west-1.amazonaws.com",
        ),
    ],
)
def test_the_host_is_that_of_the_region_of_the_topic(topic: str, origin: str) -> None:
    request = sent(a_message("subject", TopicArn=topic, SigningCertURL=origin + PATH))

    assert a_source(topic).key_url(request) == origin + PATH


@pytest.mark.parametrize("off", [timedelta(days=6, minutes=2), timedelta(days=-6, minutes=-2)])
def test_a_message_that_is_older_than_what_repetitions_are_recognised_for_is_refused(
    off: timedelta,
) -> None:
    with pytest.raises(SignatureInvalid, match="from the current time"):
        a_source(now=SENT + off).verify(sent(a_message("version-2")), [CERTIFICATE])


@pytest.mark.parametrize("pem", ["", "no certificate", "\ud800", CERTIFICATE[:700], "<Error/>"])
def test_a_document_that_is_no_certificate_verifies_nothing(pem: str) -> None:
    for certificates in ([], [pem]):
        with pytest.raises(SignatureInvalid):
            a_source().verify(sent(a_message("subject")), certificates)


def test_an_expired_a_short_and_another_key_verify_nothing(tmp_path: Path) -> None:
    message = a_message("subject")
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    expired = FakeRsaSigner(SENT - timedelta(days=10))
    short = FakeRsaSigner(SENT, bits=1024)
    elliptic = FakeAuthority(tmp_path)

    for certificate, request in (
        (expired.certificate, signed(expired, message, *names)),
        (short.certificate, signed(short, message, *names)),
        (elliptic.certificate, sent(message)),
    ):
        with pytest.raises(SignatureInvalid):
            a_source().verify(request, [certificate])


def test_a_message_may_have_line_breaks_and_any_characters(signer: FakeRsaSigner) -> None:
    message = a_message("subject", Message="a\nMessageId\nb\n猫", Subject="é")
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")

    request = signed(signer, message, *names)

    assert a_source().verify(request, [CERTIFICATE, signer.certificate]) == 1


def test_a_line_break_elsewhere_would_let_a_message_be_read_as_another(
    signer: FakeRsaSigner,
) -> None:
    message = a_message("version-2", Message="a", MessageId="b\nSubject\nc")
    request = signed(signer, message, "Message", "MessageId", "Timestamp", "TopicArn", "Type")

    with pytest.raises(SignatureInvalid, match="MessageId is missing or malformed"):
        a_source().verify(request, [signer.certificate])


@pytest.mark.parametrize("missing", ["Message", "MessageId"])
def test_a_message_without_what_must_be_signed_is_refused(
    signer: FakeRsaSigner, missing: str
) -> None:
    names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    message = a_message("version-2", missing)
    request = signed(signer, message, *(name for name in names if name != missing))

    with pytest.raises(SignatureInvalid, match=f"{missing} is missing or malformed"):
        a_source().verify(request, [signer.certificate])


def test_a_subscription_is_confirmed_at_its_url_and_nothing_else_is() -> None:
    subscription = a_message("subscription")

    assert a_source().confirmation_url(sent(subscription)) == subscription["SubscribeURL"]
    assert a_source().confirmation_url(sent(a_message("subject"))) == ""
    assert Generic().confirmation_url(sent(subscription)) == ""
    assert a_source().parse(sent(subscription)).ignored == (
        "it asks to confirm a subscription, which is done"
    )


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        f"https://evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=a",
        f"https://sns.us-west-2.amazonaws.com@evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}",
        f"{ORIGIN}/?Action=Unsubscribe&TopicArn={TOPIC}&Token=a",
        f"{ORIGIN}/?Action=ConfirmSubscription&Token=a",
        f"{ORIGIN}/?Action=ConfirmSubscription&TopicArn={TOPIC}2&Token=a",
        f"{ORIGIN}/?Action=ConfirmSubscription&Action=Unsubscribe&TopicArn={TOPIC}&Token=a",
        f"{ORIGIN}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=a b",
        f"{ORIGIN}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={'a' * 3_000}",
    ],
)
def test_a_url_that_confirms_something_else_is_refused(url: JsonValue) -> None:
    with pytest.raises(SignatureInvalid):
        a_source().confirmation_url(sent(a_message("subscription", SubscribeURL=url)))


def test_a_replay_after_the_topic_has_changed_leaves_the_confirmation_to_an_operator() -> None:
    source = a_source("arn:aws:sns:us-west-2:131990247566:another")

    ignored = source.parse(sent(a_message("subscription"))).ignored

    assert ignored == "it asks to confirm a subscription: open the SubscribeURL in its body"


def test_signalbox_cannot_sign_for_amazon() -> None:
    with pytest.raises(Conflict, match="only Amazon SNS signs its messages"):
        a_source().sign(sent(a_message("subject")), "a secret")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "alarms",
        "arn:aws:sqs:eu-central-1:123456789012:a",
        "arn:aws:sns:eu-central-1:1234:a",
        "arn:aws:sns:evil.example/:123456789012:a",
        "arn:aws:sns:eu-central-1:123456789012:é",
        "arn:aws:sns:eu-central-1:123456789012:a\n",
    ],
)
def test_a_topic_that_is_no_arn_is_refused(topic: str) -> None:
    with pytest.raises(PayloadInvalid, match="topic"):
        a_source(topic)
