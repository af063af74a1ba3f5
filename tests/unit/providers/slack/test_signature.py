from datetime import UTC, datetime

import pytest

from signalbox.models.errors import SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.slack.provider import Slack
from tests.fakes.clock import FakeClock
from tests.samples import request_of
from tests.unit.ingress.schemes import SLACK_BODY

_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
_AT = 1_531_420_618


def documented() -> InboundRequest:
    headers = {
        "X-Slack-Request-Timestamp": str(_AT),
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    return request_of("slack", headers, SLACK_BODY)


def slack(seconds: int = 0) -> Slack:
    return Slack(clock=FakeClock(datetime.fromtimestamp(_AT + seconds, UTC)))


def test_the_signature_in_the_documentation_is_accepted() -> None:
    assert slack().verify(documented(), [_SECRET]) == 0


def test_it_is_refused_when_it_is_sent_again_after_five_minutes() -> None:
    with pytest.raises(SignatureInvalid, match="the timestamp is more than"):
        slack(seconds=301).verify(documented(), [_SECRET])
