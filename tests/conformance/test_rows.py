"""The gateway keeps every row of the conformance table, against a server of raw bytes."""

from collections.abc import Iterator

import pytest

from tests.conformance.asgi_form import AsgiForm
from tests.conformance.check import Conformance
from tests.conformance.lambda_form import LambdaForm
from tests.conformance.row import Row
from tests.conformance.table import TABLE
from tests.fakes.raw_server import RawServer


@pytest.fixture(scope="module")
def conformance() -> Iterator[Conformance]:
    with RawServer().running() as server:
        yield Conformance(server, LambdaForm(server.url))


@pytest.fixture(scope="module")
def asgi() -> Iterator[Conformance]:
    with RawServer().running() as server, AsgiForm(server.url).running() as form:
        yield Conformance(server, form)


def test_each_row_has_a_rule_of_its_own_and_its_source() -> None:
    rules = [(row.source, row.rule) for row in TABLE]

    assert len(rules) >= 380
    assert sorted({rule for rule in rules if rules.count(rule) > 1}) == []
    assert all(row.source for row in TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.source}: {row.rule}")
def test_the_gateway_does_what_the_row_says(conformance: Conformance, row: Row) -> None:
    assert conformance.differences(row) == []


@pytest.mark.parametrize(
    "row", [row.for_asgi for row in TABLE if row.for_asgi], ids=lambda r: f"{r.source}: {r.rule}"
)
def test_the_gateway_as_a_server_does_what_the_row_says(asgi: Conformance, row: Row) -> None:
    assert asgi.differences(row) == []


@pytest.mark.parametrize(
    ("row", "difference"),
    [
        (Row("", "", line="GET / HTTP/1.1"), "request line"),
        (Row("", "", sent=(("via", "x"),)), "sent via"),
        (Row("", "", unsent=("via",)), "sent via, which is to be removed"),
        (Row("", "", sent_body=b"x"), "sent body"),
        (Row("", "", status=404), "status"),
        (Row("", "", got=(("x-a", "1"),)), "got x-a"),
        (Row("", "", ungot=("x-request-id",)), "got x-request-id"),
        (Row("", "", got_body=b"x"), "body"),
        (Row("", "", error="not_found"), "code"),
        (Row("", "", own=True), "requests to the service"),
        (Row("", "", path="/x"), "the service got 0 requests"),
    ],
    ids=lambda value: value if isinstance(value, str) else "row",
)
def test_a_row_that_is_not_kept_is_noticed(
    conformance: Conformance, row: Row, difference: str
) -> None:
    assert any(text.startswith(difference) for text in conformance.differences(row))
