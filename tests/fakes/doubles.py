"""The HTTP client of a connector whose requests a double answers, without a socket."""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from cli.doubles.double import DoubleRequest, TargetDouble
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.models.backoff import read_retry_after
from signalbox.models.errors import SendDelayed
from tests.builders import NOW

DOUBLE_URL = "https://double.example"


class DoubleClient(HttpClient):
    """Sends to a double at DOUBLE_URL.

    `received` are the requests. `lost` is asked of each whether its answer gets lost.
    """

    def __init__(self, double: TargetDouble) -> None:
        super().__init__(trusted=[DOUBLE_URL])
        self.double = double
        self.received: list[DoubleRequest] = []
        self.lost: Callable[[DoubleRequest], bool] = lambda _: False

    @override
    def __call__(self, request: HttpRequest) -> HttpResponse:
        assert request.url.startswith(DOUBLE_URL)
        parts = urlsplit(request.url)
        received = DoubleRequest(
            method=request.method,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.body,
        )
        self.received.append(received)
        answer = self.double.respond(received)
        if self.lost(received):
            raise SendDelayed("the connection failed: TimeoutError")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpResponse(
            status=answer.status,
            headers=headers,
            body=answer.body,
            retry_after=read_retry_after(headers.get("retry-after", ""), NOW),
        )
