"""The signature schemes of known services, each with a signature that others made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from signalbox.ingress.signatures import HmacScheme, Timestamp
from signalbox.models.request import InboundRequest
from tests.fakes.clock import FakeClock

GITHUB: Final = HmacScheme(header="x-hub-signature-256", prefix="sha256=")
GITEA: Final = HmacScheme(header="x-gitea-signature", form_field="payload")
JIRA: Final = HmacScheme(header="x-hub-signature", prefix="sha256=")
SENTRY: Final = HmacScheme(header="sentry-hook-signature")
SLACK: Final = HmacScheme(
    header="x-slack-signature",
    prefix="v0=",
    signed="v0:{timestamp}:{body}",
    timestamp=Timestamp(header="x-slack-request-timestamp"),
)
TRELLO: Final = HmacScheme(
    header="x-trello-webhook", algorithm="sha1", encoding="base64", signed="{body}{url}"
)
STANDARD: Final = HmacScheme(
    header="webhook-signature",
    encoding="base64",
    prefix="v1,",
    separator=" ",
    signed="{webhook-id}.{timestamp}.{body}",
    key="base64",
    timestamp=Timestamp(header="webhook-timestamp"),
)
PAGERDUTY: Final = HmacScheme(header="x-pagerduty-signature", prefix="v1=", separator=",")
STRIPE: Final = HmacScheme(
    header="stripe-signature",
    prefix="v1=",
    separator=",",
    signed="{timestamp}.{body}",
    timestamp=Timestamp(header="stripe-signature", item="t="),
)

SLACK_BODY: Final = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A signature that others published, or that OpenSSL made; and when it was made."""

    scheme: HmacScheme
    secret: str
    body: bytes
    signature: str
    headers: dict[str, str] = field(default_factory=dict)
    path: str = ""
    at: int = 1_700_000_000

    def request(
        self, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        return InboundRequest(
            method="POST",
            path=self.path,
            headers={self.scheme.header: self.signature} | self.headers | dict(headers or {}),
            body=self.body if body is None else body,
        )

    def clock(self, seconds: float = 0) -> FakeClock:
        return FakeClock(datetime.fromtimestamp(self.at, UTC) + timedelta(seconds=seconds))

    def verify(self, request: InboundRequest, *secrets: str, seconds: float = 0) -> int:
        return self.scheme.verify(request, secrets or [self.secret], self.clock(seconds))


VECTORS: Final = {
    "github": Vector(
        scheme=GITHUB,
        secret="It's a Secret to Everybody",
        body=b"Hello, World!",
        signature="sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ),
    "jira": Vector(
        scheme=JIRA,
        secret="It's a Secret to Everybody",
        body=b"Hello World!",
        signature="sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    ),
    "gitea": Vector(
        scheme=GITEA,
        secret="It's a Secret to Everybody",
        body=b"Hello World!",
        signature="a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    ),
    "gitea form": Vector(
        scheme=GITEA,
        secret="mysecret",
        body=b"payload=%7B%22body%22%3A%22a+b%2B%26+%E7%8C%AB%22%7D",
        signature="7331e346c77c1e7b824e465df5e2bddc794dc21684ffdf8fbf68c301af587450",
        headers={"content-type": "application/x-www-form-urlencoded"},
    ),
    "sentry": Vector(
        scheme=SENTRY,
        secret="mysecret",
        body=b'{"foo":"bar"}',
        signature="4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
    ),
    "slack": Vector(
        scheme=SLACK,
        secret="8f742231b10e8888abcd99yyyzzz85a5",
        body=SLACK_BODY,
        signature="v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        headers={"x-slack-request-timestamp": "1531420618"},
        at=1_531_420_618,
    ),
    "trello": Vector(
        scheme=TRELLO,
        secret="client-secret",
        body=b'{ "some": "data", "value": 3 }',
        signature="/qKoB9Rf4446ZFqRNhV5uDojdas=",
        headers={"host": "something"},
    ),
    "standard": Vector(
        scheme=STANDARD,
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        body=b'{"test": 2432232314}',
        signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        headers={
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
        },
        at=1_614_265_330,
    ),
    "pagerduty": Vector(
        scheme=PAGERDUTY,
        secret="mysecret",
        body=b'{"foo":"bar"}',
        signature="v1=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
    ),
    "stripe": Vector(
        scheme=STRIPE,
        secret="mysecret",
        body=b'{"foo":"bar"}',
        signature=(
            "t=1700000000,v1=5cc3eaaf4c362af6db3a78af1eeb7e8dbefdb3bbc12f713f123798b4800e1f20"
        ),
        at=1_700_000_000,
    ),
}
