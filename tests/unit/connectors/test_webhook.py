import base64
import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from pydantic import JsonValue
from standardwebhooks.webhooks import Webhook as StandardWebhook

from cli.doubles.double import DoubleRequest
from cli.doubles.webhook import WebhookDouble
from signalbox.connectors.webhook import Settings, Webhook, signature
from signalbox.egress.cloud_event import cloud_event
from signalbox.egress.http_client import HttpResponse
from signalbox.models.change import TaskSummary
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.redaction import MASK
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import TaskOrigin
from signalbox.services.ports.time import utc_now
from tests.builders import a_connection, a_notification, a_result, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.references import clients

CONNECTOR = Webhook(clients())
SETTINGS = Settings(url="https://example.com/in")
VECTOR = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
SHARED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SEED = bytes(range(32))


def _of(size: int, prefix: str = "whsec_") -> str:
    return prefix + base64.b64encode(bytes(size)).decode()


def test_the_event_is_the_change_as_the_api_has_it() -> None:
    notification = a_notification(a_task(result=a_result(data={"files": ["a.py", 3, None]})))

    whole = notification.change.model_dump(mode="json")
    assert cloud_event(notification) == whole | {"traceparent": whole["data"]["traceparent"]}


def test_a_thin_event_has_what_a_list_of_tasks_shows() -> None:
    notification = a_notification(a_task(result=a_result(data={"files": ["a.py"]})))

    event = cloud_event(notification, payload="thin")

    whole = notification.change.model_dump(mode="json")
    summary = {name: whole["data"][name] for name in TaskSummary.model_fields}
    traceparent = whole["data"]["traceparent"]
    assert event == whole | {"data": summary, "traceparent": traceparent}


def test_the_request_has_the_trace_context_of_the_task() -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    origin = TaskOrigin(provider="api", traceparent=traceparent)
    notification = a_notification(a_task(origin=origin))
    connector = Webhook(clients())

    request = connector.render(notification, Settings(url="https://example.com"), _of(24))

    assert request.headers["traceparent"] == traceparent
    assert json.loads(request.body)["traceparent"] == traceparent


def test_a_change_without_a_trace_sends_none() -> None:
    stored = a_notification()
    untraced = stored.change.data.model_copy(update={"traceparent": None})
    change = stored.change.model_copy(update={"data": untraced})

    assert "traceparent" not in cloud_event(stored.model_copy(update={"change": change}))


def test_the_text_of_a_template_is_an_attribute_of_the_event() -> None:
    notification = a_notification(text="done with xoxb-1-Ca2Na3Ry4Zz5Qq6Ww7")

    assert cloud_event(notification)["message"] == f"done with {MASK}"


def test_a_secret_in_any_text_is_masked() -> None:
    token = "xoxb-1-Ca2Na3Ry4Zz5Qq6Ww7"
    data = {"log": [f"used {token}"], "password": "hunter2", token: 1, "ok": {"token": "abc"}}
    task = a_task(reason=f"used {token}", labels=(token,), result=a_result(data=data))

    text = json.dumps(cloud_event(a_notification(task)))

    assert not [secret for secret in (token, "hunter2", "abc") if secret in text]
    assert MASK in text


def test_the_key_of_a_delivery_is_no_secret() -> None:
    notification = a_notification()

    event = cloud_event(notification)

    data = event["data"]
    assert isinstance(data, dict)
    assert data["delivery_key"] == notification.change.data.delivery_key


def test_the_signature_is_that_of_the_published_vector() -> None:
    assert signature(SHARED, VECTOR) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", [SEED, SEED + bytes(32)], ids=["seed", "seed and public key"])
def test_a_private_key_makes_an_asymmetric_signature(secret: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  as above
        Ed25519PrivateKey,
    )

    version, _, signed = signature(f"whsk_{base64.b64encode(secret).decode()}", VECTOR).partition(
        ","
    )

    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    public.verify(base64.b64decode(signed), VECTOR)
    assert version == "v1a"


def test_the_library_of_standard_webhooks_accepts_it() -> None:
    connector = Webhook(clients(clock=utc_now))

    request = connector.render(a_notification(), SETTINGS, SHARED)

    StandardWebhook(SHARED).verify(request.body, dict(request.headers))


def test_each_attempt_has_a_time_of_its_own() -> None:
    clock = FakeClock()
    connector, notification = Webhook(clients(clock=clock)), a_notification()

    first = connector.render(notification, SETTINGS, SHARED)
    clock.advance(seconds=3_600)
    second = connector.render(notification, SETTINGS, SHARED)

    times = [int(request.headers["webhook-timestamp"]) for request in (first, second)]
    assert times[1] - times[0] == 3_600
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


@pytest.mark.parametrize("secret", [_of(24), _of(64), _of(32, "whsk_"), _of(64, "whsk_")])
def test_a_secret_of_standard_webhooks_is_right(secret: str) -> None:
    CONNECTOR.check_secret(a_connection(), secret)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hunter2",
        "whsec_",
        "whsec_not base64",
        _of(23),
        _of(65),
        _of(31, "whsk_"),
        _of(32, "whpk_"),
        _of(32, ""),
    ],
)
def test_any_other_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(Conflict, match="whsec_ with the base64 of 24 to 64 bytes") as refusal:
        CONNECTOR.check_secret(a_connection(), secret)

    assert not secret or secret == "whsec_" or secret not in refusal.value.reason
    with pytest.raises(SendRefused):
        signature(secret, VECTOR)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226])
def test_any_success_is_one(status: int) -> None:
    CONNECTOR.judge(HttpResponse(status=status))


def test_a_receiver_that_is_gone_ends_it_and_says_what_to_do() -> None:
    with pytest.raises(SendRefused, match="disable the connection"):
        CONNECTOR.judge(HttpResponse(status=410))


@pytest.mark.parametrize("status", [302, 304, 400, 401, 403, 404, 413, 422])
def test_what_the_receiver_refuses_is_refused_for_good(status: int) -> None:
    with pytest.raises(SendRefused, match=f"the receiver answered {status}"):
        CONNECTOR.judge(HttpResponse(status=status))


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_sent_again(status: int) -> None:
    with pytest.raises(SendDelayed) as delay:
        CONNECTOR.judge(HttpResponse(status=status, retry_after=timedelta(seconds=9)))

    assert delay.value.after == timedelta(seconds=9)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"url": ""},
        {"url": "ftp://example.com"},
        {"url": "http://example.com/in"},
        {"url": "https://example.com/in", "payload": "fat"},
    ],
)
def test_wrong_settings_are_refused(settings: Mapping[str, JsonValue]) -> None:
    with pytest.raises(SettingsInvalid, match=r"url|payload"):
        CONNECTOR.check(a_connection(settings=settings))


def test_the_double_takes_a_webhook_once_and_none_that_is_forged_or_old() -> None:
    double = WebhookDouble()
    request = Webhook(clients(clock=utc_now)).render(a_notification(), SETTINGS, double.secret(""))
    old = Webhook(clients()).render(a_notification(), SETTINGS, double.secret(""))
    forged = Webhook(clients(clock=utc_now)).render(a_notification(), SETTINGS, SHARED)

    statuses = [
        double.respond(
            DoubleRequest(method="POST", path="/webhooks", headers=sent.headers, body=sent.body)
        ).status
        for sent in (request, request, forged, old)
    ]

    assert statuses == [204, 204, 401, 401]
    assert double.shown() == ["signalbox.task.created: Fix the login"]
