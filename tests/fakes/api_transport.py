"""Transports of httpx in place of the network: the real handlers, or a script."""

from collections.abc import Sequence
from threading import Lock

import httpx

from tests.functions.system import Context, System, as_response, event


def copy_of(response: httpx.Response) -> httpx.Response:
    """A response of its own: a client changes what it gets."""
    return httpx.Response(response.status_code, headers=response.headers, content=response.content)


class BothTransports(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """What sends the requests of both clients, by its `handle_request`."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self.handle_request(request)


class HandlerTransport(BothTransports):
    """The function `api` of a system, as API Gateway invokes it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._one_at_a_time = Lock()  # moto is not made for threads

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        headers = dict(request.headers)
        sent = event(request.method, path, headers, request.read())
        with self._one_at_a_time:
            result = as_response(self._system.api(sent, Context()))
        return httpx.Response(result.status, headers=result.headers, text=result.text)


class ScriptedTransport(BothTransports):
    """Answers each request with the next of a script, the last one for ever; keeps requests."""

    def __init__(self, *script: httpx.Response | Exception) -> None:
        self._script = list(script)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, Exception):
            raise step
        return copy_of(step)

    @property
    def paths(self) -> Sequence[str]:
        return [request.url.path for request in self.requests]
