"""The gateway as a Lambda function: a row becomes an event of API Gateway."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from signalbox.auth.api_keys import new_key
from signalbox.egress.upstream_client import UpstreamClient
from signalbox.http.events import LambdaResponse
from signalbox.http.gateway_lambda import GatewayHandler
from signalbox.models.base import JsonObject
from signalbox.models.service import HostMode, Service
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.ports.gateway import HeaderFields
from tests.builders import NOW, a_route, a_service, an_instance
from tests.conformance.middleware_rows import APP
from tests.conformance.row import Row
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeKeyStore
from tests.fakes.context import FakeContext
from tests.fakes.gateway_handler import a_gateway_handler
from tests.fakes.instance_pool import an_instance_pool
from tests.functions.system import event

MAX_RESPONSE = 200_000
NEW_KEY = new_key("live", name="k", roles=("admin",), scopes=(), created_by="t", now=NOW)
"""A row has `{key}` where a client sends this key."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the client got; `code` is that of the problem, if it is one of the gateway.

    A response is `truncated` if the connection ended before its body.
    """

    status: int
    fields: HeaderFields
    body: bytes
    code: str = ""
    truncated: bool = False


class LambdaForm:
    """Send rows through the handler, to services of which every instance is at one URL."""

    def __init__(self, url: str) -> None:
        table = conformance_table(url)
        self._clock = FakeClock()
        self._handler = a_gateway_handler(
            lambda: table,
            UpstreamClient(networks=("127.0.0.0/8",), max_body=MAX_RESPONSE),
            keys=FakeKeyStore(NEW_KEY.stored),
            clock=self._clock,
        )

    def __call__(self, row: Row) -> Outcome:
        """Send a row by a process that has seen no other."""
        gateway = self._handler.gateway
        forward = replace(gateway.forward, pool=an_instance_pool(self._clock))
        handler = GatewayHandler(gateway=replace(gateway, forward=forward))
        return _outcome(handler(_event(row), FakeContext(self._clock, timeout=5)))


def conformance_table(url: str) -> RoutingTable:
    instances = (an_instance(url=url),)
    public = {"public": True}
    return RoutingTable(
        [
            a_service(instances=instances, versions={"v2": instances}, access=public),
            a_service(name="based", instances=(an_instance(url=f"{url}/base/"),), access=public),
            a_service(name="keeping", instances=instances, host=HostMode.KEEP, access=public),
            a_service(name="small", instances=instances, max_body_bytes=3, access=public),
            a_service(name="private", instances=instances),
            a_service(name="devs", instances=instances, access={"roles": ("devs",)}),
            *_with_middlewares(url),
        ],
        [a_route(rewrite="/inner", service="orders")],
    )


def _with_middlewares(url: str) -> Iterator[Service]:
    """Yield the services of the rows about middlewares."""
    v2 = (an_instance(url=f"{url}/v2"),)
    cors: JsonObject = {
        "use": "cors",
        "allow_origins": [APP],
        "allow_methods": ["GET", "PUT"],
        "allow_credentials": True,
    }
    networks: JsonObject = {
        "use": "ip_filter",
        "allow": ["192.0.2.0/24"],
        "deny": ["192.0.2.66"],
    }
    rules: JsonObject = {
        "use": "headers",
        "request": {"set": {"X-Tenant": "acme"}, "remove": ["X-Debug"]},
        "response": {"set": {"X-Frame-Options": "DENY"}, "remove": ["X-Powered-By"]},
    }
    limit: JsonObject = {"in": "query", "name": "limit", "schema": {"type": "integer"}}
    document: JsonObject = {
        "openapi": "3.0.3",
        "paths": {"/{id}": {"get": {"parameters": [limit]}}},
    }
    lists: Mapping[str, JsonObject] = {
        "pages": cors,
        "locked": cors,
        "ruled": rules,
        "inner": networks,
        "split": {"use": "split", "versions": {"default": 0, "v2": 1}},
        "described": {"use": "validate", "base_path": "/api", "document": document},
        "cached": {"use": "cache"},
    }
    for name, spec in lists.items():
        yield a_service(
            name=name,
            instances=(an_instance(url=url),),
            versions={"v2": v2},
            middlewares=(spec,),
            access={"public": name != "locked"},
        )


def _event(row: Row) -> dict[str, JsonValue]:
    """Return the event of a row: API Gateway joins repeated headers, and takes the cookies out."""
    headers: dict[str, str] = {}
    for name, value in row.fields:
        key, text = name.lower(), value.replace("{key}", NEW_KEY.text)
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    headers.setdefault("host", row.host)
    cookies = headers.pop("cookie", "")
    made = event(row.method, "/", headers, row.body)
    context = {"method": row.method, "sourceIp": row.client, "protocol": row.protocol}
    return {
        **made,
        "rawPath": row.path,
        "rawQueryString": row.query,
        "cookies": [part.strip() for part in cookies.split(";")] if cookies else [],
        "requestContext": {"http": {**context, "path": row.path}, "requestId": "gateway"},
    }


def _outcome(response: LambdaResponse) -> Outcome:
    fields = tuple(response["headers"].items())
    cookies = tuple(("set-cookie", value) for value in dict(response).get("cookies", ()))  # type: ignore[attr-defined]
    text = response["body"]
    body = base64.b64decode(text) if response["isBase64Encoded"] else text.encode()
    problem = dict(fields).get("content-type") == "application/problem+json"
    code = json.loads(body)["error"] if problem and body else ""
    return Outcome(status=response["statusCode"], fields=(*fields, *cookies), body=body, code=code)
