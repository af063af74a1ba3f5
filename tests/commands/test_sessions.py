import json

import requests

from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.fakes.http_server import FakeHttpServer, Reply


def test_the_sessions_of_a_key_are_listed_and_ended(signalbox: CommandLine, served: Served) -> None:
    made = requests.post(
        f"{served.url}/api/v1/sessions", headers={"X-API-Key": served.key}, timeout=30
    ).json()

    (row,) = json.loads(signalbox("sessions", "list", "--json").out)
    table = signalbox("sessions", "list", "--principal", made["principal"]).out
    ended = signalbox("sessions", "end", made["principal"])
    left = json.loads(signalbox("sessions", "list", "--json").out)

    assert (row["principal"], row["name"]) == (made["principal"], made["name"])
    assert made["name"] in table
    assert (ended.code, "1" in ended.out) == (0, True)
    assert left == []


def test_a_principal_that_is_none_is_refused(signalbox: CommandLine) -> None:
    result = signalbox("sessions", "end", "0123456789ab")

    assert result.code == 1
    assert "422 validation_failed" in result.err


def test_a_list_that_is_cut_says_how_many_there_are() -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=b'{"items": [], "total": 1200}'))
        options = ["--url", server.url, "--key", "sbx_test_any"]
        result = CommandLine(options=options)("sessions", "list")

    assert "1200 sessions" in result.err
