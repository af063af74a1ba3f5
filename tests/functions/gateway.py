"""API Gateway in the test's own process: an ASGI application before the functions."""

import base64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, cast

from pydantic import JsonValue

from signalbox.http.events import LambdaResponse
from signalbox.runtime.gateway import gateway
from signalbox.runtime.registry import providers
from tests.functions.system import Context, System, event

Function = Callable[[dict[str, JsonValue], Context], LambdaResponse]
Scope = Mapping[str, object]
Message = Mapping[str, object]

_WEBHOOKS: Final = "/api/v1/webhooks/"
_OWN: Final = "/api/gateway/"
PUBLIC_KEY: Final = "3f" * 32
"""The secret of a provider that signs with the other half of a pair."""

_GENERIC: Final = "generic"
"""Has a route of any method, for sources whose names stand in place of a provider too."""


class Gateway:
    """Turns requests into events and answers into responses; a second passes with each."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._services = gateway(system.wiring)
        for provider in providers():  # keeps its secret before the first request comes
            system.webhooks(provider)
        system.wiring.secrets.put("sources/discord/default", [PUBLIC_KEY])

    async def __call__(
        self,
        scope: Scope,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        self._system.clock.advance(seconds=1)
        answer = self._answer(scope, await _body(receive))
        headers = [(n.encode(), v.encode("latin-1")) for n, v in answer["headers"].items()]
        await send(
            {
                "type": "http.response.start",
                "status": answer["statusCode"],
                "headers": headers,
            }
        )
        body = answer["body"]
        content = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Scope, body: bytes) -> LambdaResponse:
        method, path = str(scope["method"]), str(scope["path"])
        query = cast("bytes", scope["query_string"]).decode()
        headers: dict[str, str] = {}
        for name, value in cast("Iterable[tuple[bytes, bytes]]", scope["headers"]):
            # a header that was sent twice arrives as one
            key = name.decode().lower()
            before = f"{headers[key]}," if key in headers else ""
            headers[key] = before + value.decode("latin-1")
        made = event(method, f"?{query}" if query else "", headers, body)
        made["rawPath"] = path
        return self._function(method, path, made)(made, Context())

    def _function(self, method: str, path: str, made: dict[str, JsonValue]) -> Function:
        """The function that template.yaml routes this to."""
        if path.startswith(_OWN):
            return cast("Function", self._services)
        provider, slash, source = path.removeprefix(_WEBHOOKS).partition("/")
        ours = (
            path.startswith(_WEBHOOKS) and provider in providers() and bool(slash) is bool(source)
        )
        short = path.startswith(_WEBHOOKS) and provider and not ours and not slash
        if short or (ours and provider == _GENERIC and "/" not in source):
            made["pathParameters"] = {"source": source or provider}
            return cast("Function", self._system.webhooks(_GENERIC))
        if method != "POST" or not ours or "/" in source:
            return cast("Function", self._system.api)
        if source:
            made["pathParameters"] = {"source": source}
        return cast("Function", self._system.webhooks(provider))


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += cast("bytes", message.get("body", b""))
        if not message.get("more_body"):
            return body
