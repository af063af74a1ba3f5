"""`python -m tests.bench.gateway.peer PORT UPSTREAM`: a straightforward gateway, FastAPI and httpx.

It does what such a gateway usually does and no more: it passes on method, path, headers and body.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response

METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_REMOVED: Final = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


def application(url: str) -> FastAPI:
    client = httpx.AsyncClient(base_url=url, limits=httpx.Limits(max_connections=200))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.api_route("/api/orders/{path:path}", methods=METHODS)
    async def proxy(request: Request, path: str) -> Response:
        fields = [(n, v) for n, v in request.headers.raw if n.decode().lower() not in _REMOVED]
        answer = await client.request(
            request.method,
            f"/api/{path}",
            params=request.query_params,
            headers=fields,
            content=await request.body(),
        )
        kept = {n: v for n, v in answer.headers.items() if n.lower() not in _REMOVED}
        return Response(answer.content, answer.status_code, kept)

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="h11",
        access_log=False,
        log_level="error",
    )
