import json

import pytest
from pydantic import JsonValue

from tests.commands.conftest import CommandLine, CommandResult
from tests.fakes.http_server import FakeHttpServer, Reply

BREACH: JsonValue = {"day": "2026-11-21", "number": "000002", "reason": "was changed"}


def verified(breach: JsonValue) -> CommandResult:
    """What is said of a day that the API finds so."""
    verification = {"day": "2026-11-21", "intact": breach is None, "breach": breach}
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=json.dumps(verification).encode()))
        signalbox = CommandLine(options=["--url", server.url, "--key", "sbx_test_any"])
        return signalbox("audit", "verify", "2026-11-21")


@pytest.mark.parametrize(("breach", "code"), [(None, 0), (BREACH, 1)])
def test_the_exit_code_says_whether_the_log_was_touched(breach: JsonValue, code: int) -> None:
    assert verified(breach).code == code


def test_the_row_that_was_touched_is_named() -> None:
    assert "row 000002 was changed" in verified(BREACH).out


def test_what_was_done_is_listed_with_who_did_it(signalbox: CommandLine) -> None:
    signalbox("queue", "pause", "low")

    (row,) = json.loads(signalbox("audit", "list", "--json").out)
    table = signalbox("audit", "list", "--limit=1").out

    assert row["entry"]["object"] == "/api/v1/queue/low/pause"
    assert row["entry"]["actor"] in table


def test_a_row_that_cannot_be_read_is_named() -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=b'{"items": [], "unreadable": ["2026-11-21/00000002"]}'))
        result = CommandLine(options=["--url", server.url, "--key", "sbx_test_any"])(
            "audit", "list"
        )

    assert "row 2026-11-21/00000002 cannot be read" in result.err


def test_a_day_that_is_none_is_refused(signalbox: CommandLine) -> None:
    result = signalbox("audit", "list", "--since", "yesterday")

    assert result.code == 1
    assert "422 validation_failed" in result.err
