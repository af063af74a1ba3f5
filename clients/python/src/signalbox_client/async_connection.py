"""How a client for asyncio sends operations."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

import httpx

from signalbox_client.errors import ApiError, Unreachable
from signalbox_client.exchange import (
    build_request,
    check_status,
    default_headers,
    unreachable,
    value_of,
)
from signalbox_client.operations import Operation
from signalbox_client.retries import RetryPolicy
from signalbox_client.settings import settings_of

T = TypeVar("T")


class AsyncConnection:
    """An API, and how requests to it are repeated, for asyncio.

    Attributes:
        url: The address of the API.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Connect to an API.

        Args:
            url: Its address, by default SIGNALBOX_URL.
            key: An API key or a token, by default SIGNALBOX_API_KEY.
            timeout: For how many seconds a response is waited for.
            retries: When requests are repeated.
            transport: What sends requests in place of the network.
            sleep: What waits.

        Raises:
            ConfigurationError: The URL or the key is missing or malformed.
        """
        settings = settings_of(url, key)
        self.url = settings.url
        self._timeout = timeout
        self._retries = retries or RetryPolicy()
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            base_url=settings.url,
            headers=default_headers(settings),
            transport=transport,
            trust_env=not settings.is_loopback,
        )

    def __repr__(self) -> str:
        """Return the class and the address, without the key."""
        return f"{type(self).__name__}({self.url!r})"

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the client."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, operation: Operation[T]) -> T:
        """Send an operation and return the value of its response."""
        return value_of(operation, await self._exchange(operation))

    async def _exchange(self, operation: Operation[T]) -> httpx.Response:
        """Return a successful response, after as many attempts as the policy allows."""
        attempt = 1
        while True:
            try:
                return await self._attempt(operation)
            except (ApiError, Unreachable) as error:
                pause = self._retries.pause(error, attempt, operation)
                if pause is None:
                    raise
            await self._sleep(pause)
            attempt += 1

    async def _attempt(self, operation: Operation[T]) -> httpx.Response:
        request = build_request(self._http, operation, self._timeout)
        try:
            response = await self._http.send(request)
        except httpx.RequestError as failure:
            error = unreachable(failure, self.url)
        else:
            check_status(response)
            return response
        raise error  # not in the handler: the failure refers to the request, and that to the key
