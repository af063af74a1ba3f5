"""The one line that is logged of each request, and what must never stand in it."""

from typing import Any

import pytest

from signalbox.auth.api_keys import new_key
from tests.functions.system import System

FIELDS = ("method", "path", "route", "principal", "status_code", "request_id", "gateway_request_id")


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__ for record in caplog.records if record.message == "request"]


def test_each_request_is_one_line_that_says_who_asked_for_what(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    key = system.key("viewer")
    path = "/api/v1/tasks/tsk_aaaaaaaaaaaaaaaaaaaaaaaa"

    system.ask("GET", path, key=key, headers={"X-Request-ID": "mine-12345"})

    [line] = lines(caplog)
    assert {name: line[name] for name in FIELDS} == {
        "method": "GET",
        "path": path,
        "route": "/api/v1/tasks/<task_id>",
        "principal": f"key:{key.split('_')[2][:12]}",
        "status_code": 404,
        "request_id": "mine-12345",
        "gateway_request_id": "gateway",
    }
    assert line["duration_ms"] >= 0


def test_a_secret_in_a_path_or_an_id_is_not_logged(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    now = system.clock()
    secret = new_key("live", name="a", roles=(), scopes=(), created_by="a", now=now).text

    answer = system.ask("GET", f"/api/v1/tasks/{secret}", headers={"X-Request-ID": secret})

    [line] = lines(caplog)
    assert answer.headers["x-request-id"].startswith("req_")
    assert secret not in str(line)
    assert line["path"] == "/api/v1/tasks/[masked]"
