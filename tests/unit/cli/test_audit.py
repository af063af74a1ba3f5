import json

import pytest
from pydantic import JsonValue

from tests.fakes.http_server import FakeHttpServer, Reply
from tests.unit.cli.conftest import CommandLine, Said

BREACH: JsonValue = {"day": "2026-11-21", "number": "000002", "reason": "was changed"}


def verified(breach: JsonValue) -> Said:
    """What is said of a day that the API finds so."""
    verdict = {"day": "2026-11-21", "intact": breach is None, "breach": breach}
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=json.dumps(verdict).encode()))
        signalbox = CommandLine(options=["--url", server.url, "--key", "sbx_test_any"])
        return signalbox("audit", "verify", "2026-11-21")


@pytest.mark.parametrize(("breach", "code"), [(None, 0), (BREACH, 1)])
def test_the_exit_code_says_whether_the_log_was_touched(breach: JsonValue, code: int) -> None:
    assert verified(breach).code == code


def test_the_row_that_was_touched_is_named() -> None:
    assert "row 000002 was changed" in verified(BREACH).out
