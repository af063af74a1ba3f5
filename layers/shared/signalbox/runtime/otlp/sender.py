"""Send telemetry to the endpoint, once, and judge the answer.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from signalbox.aws.errors import AwsUnreachable
from signalbox.aws.transport.endpoints import parse_endpoint
from signalbox.aws.transport.http_pool import HttpPool
from signalbox.aws.transport.http_response import AwsResponse
from signalbox.egress.tls import shared_public_tls, tls_with
from signalbox.models.base import JsonObject
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.runtime.otlp.encoding import OtlpSignal
from signalbox.runtime.otlp.settings import OtlpSettings, otlp_headers

if TYPE_CHECKING:
    import ssl

_RETRYABLE: Final = frozenset({429, 502, 503, 504})
_SUCCESS: Final = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)


class ExportOutcome(Enum):
    """What became of a request with telemetry."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """It would be refused again."""

    UNAVAILABLE = "unavailable"
    """The endpoint has not taken it."""

    UNKNOWN = "unknown"
    """There was no answer, so it may have been taken."""


@frozen
class SendResponse:
    """The outcome of a request, and why it is none that was accepted."""

    outcome: ExportOutcome
    reason: str = ""


ReadHeaders = Callable[[], Sequence[str]]
"""Return the secrets with the headers, the current one first. Raises Unavailable."""


class OtlpSender:
    """Sends to one endpoint. Headers that are secret are sent by TLS only, or on this machine."""

    def __init__(self, settings: OtlpSettings, read_headers: ReadHeaders) -> None:
        self._settings = settings
        self._read_headers = read_headers
        endpoint = parse_endpoint(settings.endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT")
        self._base = endpoint.path.rstrip("/")
        self._pool = HttpPool(
            endpoint,
            tls=self._tls,
            connect_timeout=settings.timeout,
            read_timeout=settings.timeout,
            max_idle=1,
        )

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()

    def __call__(self, signal: OtlpSignal, items: Sequence[JsonObject]) -> SendResponse:
        """Send items, and return what became of them."""
        body = signal.body(self._settings.resource, items)
        try:
            headers = {
                "host": self._pool.endpoint.authority,
                "content-type": "application/json",
                "user-agent": "signalbox-otlp",
                **self._headers(),
            }
            response = self._post(headers, body, signal)
        except Unavailable:
            return SendResponse(outcome=ExportOutcome.UNAVAILABLE, reason="its headers: no secret")
        except AwsUnreachable as error:
            was_refused = isinstance(error.__cause__, ConnectionRefusedError)
            outcome = ExportOutcome.UNAVAILABLE if was_refused else ExportOutcome.UNKNOWN
            return SendResponse(outcome=outcome, reason=str(error))
        if response.status in _SUCCESS:
            return SendResponse(outcome=ExportOutcome.ACCEPTED)
        is_busy = response.status in _RETRYABLE
        return SendResponse(
            outcome=ExportOutcome.UNAVAILABLE if is_busy else ExportOutcome.REFUSED,
            reason=f"the endpoint answered {response.status} to {signal.path}",
        )

    def _post(self, headers: Mapping[str, str], body: bytes, signal: OtlpSignal) -> AwsResponse:
        """Return the response, by another connection if the endpoint has closed the one in use.

        Raises:
            AwsUnreachable: There was none.
        """
        path = f"{self._base}{signal.path}"
        try:
            return self._pool.post(headers, body, path=path)
        except AwsUnreachable as error:
            if not signal.repeatable or not isinstance(error.__cause__, ConnectionError):
                raise
        return self._pool.post(headers, body, path=path)

    def _headers(self) -> Mapping[str, str]:
        if not self._settings.may_send_secrets:
            return {}
        secrets = self._read_headers()
        return {**self._settings.headers, **otlp_headers(secrets[0] if secrets else "")}

    def _tls(self) -> "ssl.SSLContext":
        if self._settings.certificate:
            return tls_with(self._settings.certificate)
        return shared_public_tls()
