from datetime import timedelta

import pytest

from signalbox.http.gateway_reports import ReportDenials
from signalbox.http.gateway_request import IncomingRequest
from signalbox.models.ids import RequestId
from signalbox.models.request import InboundRequest
from signalbox.services.gateway.record import GatewayRecord
from signalbox.services.gateway.synchronous import as_coroutine, run_blocking
from tests.fakes.clock import FakeClock


class Denials:
    """The denials that one process has recorded."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.recorded: list[tuple[str, str, str]] = []
        self.report = ReportDenials(record=as_coroutine(self._record), clock=self.clock)

    def request(
        self,
        *,
        error: str | None = "forbidden",
        caller: str = "anonymous",
        address: str = "203.0.113.7",
        service: str | None = "orders",
    ) -> None:
        incoming = IncomingRequest(
            method="GET",
            path="/api/orders/42",
            query="",
            fields=(),
            read_body=as_coroutine(lambda _: b""),
            host="api.example.com",
            client=address,
            seconds=30,
            request_id=RequestId("r-1"),
            log_fields={},
        )
        record = GatewayRecord(service=service, caller=caller, error=error)
        run_blocking(self.report(incoming, record, 403, 0.0))

    def _record(self, request: InboundRequest, actor: str, action: str) -> None:
        self.recorded.append((actor, action, request.source_ip))


@pytest.fixture
def denials() -> Denials:
    return Denials()


def test_every_denial_of_a_caller_with_a_name_is_recorded(denials: Denials) -> None:
    denials.request(caller="key:k")
    denials.request(caller="key:k", service=None)

    address = "203.0.113.7"
    assert denials.recorded == [
        ("key:k", "GET service orders", address),
        ("key:k", "GET gateway", address),
    ]


@pytest.mark.parametrize("error", [None, "unauthenticated", "not_found", "bad_gateway"])
def test_what_was_not_forbidden_is_not_recorded(denials: Denials, error: str | None) -> None:
    denials.request(error=error, caller="key:k")

    assert denials.recorded == []


@pytest.mark.parametrize("error", ["forbidden", "address_refused"])
def test_an_address_that_is_kept_out_is_recorded_once_a_minute_for_each_service(
    denials: Denials, error: str
) -> None:
    for _ in range(3):
        denials.request(error=error)
        denials.request(error=error, service="users")
    before = len(denials.recorded)
    denials.clock.advance(seconds=timedelta(minutes=1).total_seconds())
    denials.request()

    assert before == 2
    assert len(denials.recorded) == 3


def test_strangers_cannot_fill_the_audit_log_from_many_addresses(denials: Denials) -> None:
    for number in range(200):
        denials.request(address=f"203.0.113.{number}")
    denials.request(caller="key:k")

    assert len(denials.recorded) == 11
