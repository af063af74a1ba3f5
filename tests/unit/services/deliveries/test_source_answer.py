"""The answer that a source has of its own."""

from typing import Any

import pytest

from signalbox.models.event import Answer
from signalbox.models.source_rules import SourceAnswer
from tests.unit.services.receiving import SourceOfGitHub


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        ({}, Answer(status=200)),
        ({"status": 204}, Answer(status=204, body="")),
        ({"body": "ok"}, Answer(body="ok", media_type="text/plain; charset=utf-8")),
        ({"body": {"ok": True}}, Answer(body='{"ok":true}', media_type="application/json")),
        ({"body": "<r/>", "content_type": "text/xml"}, Answer(body="<r/>", media_type="text/xml")),
    ],
)
def test_a_verified_webhook_gets_the_answer_of_the_source(
    answer: dict[str, Any], sent: Answer
) -> None:
    source = SourceOfGitHub(answer=SourceAnswer(**answer))

    first, second = source.receive(), source.receive({}, "star", key="d-2")

    assert (first.answer, second.answer) == (sent, sent)


def test_a_copy_of_a_webhook_gets_the_same_answer() -> None:
    source = SourceOfGitHub(answer=SourceAnswer(body="ok"))

    first, second = source.receive(), source.receive()

    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.answer == second.answer


def test_a_handshake_gets_the_answer_that_its_provider_expects() -> None:
    source = SourceOfGitHub(answer=SourceAnswer(status=201, body="ok"))

    ping = source.receive({"zen": "Keep it logically awesome."}, "ping")

    assert ping.answer == Answer()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 302}, "less than or equal to 299"),
        ({"status": 404}, "less than or equal to 299"),
        ({"status": 204, "body": "x"}, "status 204 has no body"),
        ({"body": "é" * 2_049}, "body expects at most 4,096 bytes"),
        ({"body": ["x" * 4_096]}, "body expects at most 4,096 bytes"),
        ({"body": "x", "content_type": "text/html"}, "nothing that a browser runs"),
        ({"body": "x", "content_type": "application/xhtml+xml"}, "nothing that a browser runs"),
        ({"body": "x", "content_type": "text/plain\r\nx-evil: 1"}, "expects text/… or application"),
        ({"body": "x", "content_type": "image/svg+xml"}, "expects text/… or application"),
        ({"content_type": "text/plain"}, "is for a body"),
    ],
)
def test_an_answer_that_cannot_be_sent_is_refused(answer: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        SourceAnswer(**answer)
