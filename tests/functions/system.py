"""The functions over moto, spoken to as API Gateway speaks to them."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from urllib.parse import parse_qsl

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, JsonValue, TypeAdapter

from signalbox.auth.api_keys import new_key
from signalbox.http.api import ApiHandler
from signalbox.http.events import LambdaResponse
from signalbox.http.webhook import WebhookHandler
from signalbox.models.errors import Conflict
from signalbox.models.ids import TaskId
from signalbox.models.principal import Scope
from signalbox.models.rate_limits import Limits, RateLimit
from signalbox.models.task import Task
from signalbox.providers.github.signature import signature
from signalbox.runtime.api import api
from signalbox.runtime.registry import providers
from signalbox.runtime.webhook import webhook
from signalbox.runtime.wiring import Wiring
from signalbox.services.deliveries.permissions import everybody_may
from signalbox.services.ports.deliveries import Provider
from tests.fakes.clock import FakeClock
from tests.fakes.permissions import everybody_in_time
from tests.integration.aws import deployed
from tests.integration.simulated import simulated_time
from tests.samples import sample

SECRET = "It's a Secret to Everybody"
PRIVATE_KEY = "0123456789abcdef" * 4

_json: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
_ids: TypeAdapter[list[str]] = TypeAdapter(list[str])
_rows: TypeAdapter[list[dict[str, JsonValue]]] = TypeAdapter(list[dict[str, JsonValue]])


class ApiResponse(BaseModel):
    """An answer as its caller sees it."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json_body(self) -> dict[str, JsonValue]:
        return _json.validate_json(self.text)

    def word(self, name: str) -> str:
        """A member of the body that is a text."""
        found = self.json_body[name]
        assert isinstance(found, str)
        return found

    def rows(self, name: str) -> list[dict[str, JsonValue]]:
        """A member of the body that is a list of objects."""
        return _rows.validate_python(self.json_body[name])

    @property
    def items(self) -> list[dict[str, JsonValue]]:
        return self.rows("items")

    @property
    def faults(self) -> list[dict[str, JsonValue]]:
        return self.rows("errors")

    def part(self, name: str) -> dict[str, JsonValue]:
        """A member of the body that is an object."""
        return _json.validate_python(self.json_body[name])


class Context(LambdaContext):
    """A Lambda context with much time left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


@dataclass
class System:
    """The functions that answer HTTP, in one process; they draw the same by chance every time."""

    clock: FakeClock
    wiring: Wiring = field(init=False)
    _webhooks: dict[str, WebhookHandler] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.restart()

    @cached_property
    def api(self) -> ApiHandler:
        return api(self.wiring)

    @property
    def github(self) -> WebhookHandler:
        return self.webhooks("github")

    def webhooks(self, provider: str) -> WebhookHandler:
        """The function that receives the webhooks of a provider."""
        if provider not in self._webhooks:
            self.install(providers()[provider]())
        return self._webhooks[provider]

    def install(self, provider: Provider) -> None:
        """Has this provider receive the webhooks of its name."""
        try:
            provider.check_secret(SECRET)
        except Conflict:  # where it is a key, of a form of its own
            secret = provider.verification_secret(PRIVATE_KEY)
        else:
            secret = SECRET
        self.wiring.secrets.put(f"sources/{provider.name}/default", [secret])
        self._webhooks[provider.name] = webhook(provider, self.wiring)

    def limited(self, **limits: RateLimit) -> None:
        """Sets how often callers may ask; nobody is limited who is not named."""
        none = RateLimit(count=1_000_000, burst=1_000_000)
        response = Limits(
            anonymous=limits.get("anonymous", none),
            refused=limits.get("refused", none),
            default=limits.get("default", none),
            roles=dict.fromkeys(("viewer", "worker", "operator", "admin"), none),
        )
        doc = response.model_dump_json()
        self.wiring.config_table.put(
            {"pk": {"S": "LIMITS"}, "sk": {"S": "default"}, "doc": {"S": doc}}
        )

    def restart(self) -> None:
        """Starts the functions anew, with the settings as they are now."""
        self.wiring = Wiring(clock=self.clock, sleep=self.clock.sleep, random=Random(7))
        self.wiring.permission = everybody_may
        self.wiring.permission_within = everybody_in_time
        self.__dict__.pop("api", None)
        self._webhooks.clear()

    def key(self, *roles: str, scopes: tuple[Scope, ...] = ()) -> str:
        """The text of a new API key."""
        made = new_key(
            "live",
            name="test",
            roles=roles,
            scopes=scopes,
            created_by="test",
            now=self.clock(),
        )
        self.wiring.keys.put(made.stored)
        return made.text

    def ask(
        self,
        method: str,
        path: str,
        body: JsonValue = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> ApiResponse:
        """Asks the API."""
        sent = {"content-type": "application/json", **(headers or {})}
        if key:
            sent["x-api-key"] = key
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return as_response(self.api(event(method, path, sent, content), Context()))

    def hook(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        source: str | None = None,
        secret: str = SECRET,
    ) -> ApiResponse:
        """Posts a signed webhook of GitHub."""
        signed = {**headers, "x-hub-signature-256": signature(secret, body)}
        path = "/api/v1/webhooks/github" + (f"/{source}" if source else "")
        sent = event("POST", path, signed, body)
        if source:
            sent["pathParameters"] = {"source": source}
        return as_response(self.github(sent, Context()))

    def comment(self, text: str, *, key: str = "d-1", **headers: str) -> ApiResponse:
        """Posts a comment on a GitHub issue."""
        made = sample("github", "issue_comment.created")
        comment = made.body["comment"]
        assert isinstance(comment, dict)
        body = made.body | {"comment": comment | {"body": text}}
        sent = made.headers | {"X-GitHub-Delivery": key} | headers
        return self.hook(json.dumps(body).encode(), sent)

    def post(
        self,
        name: str,
        *,
        key: str = "d-1",
        headers: Mapping[str, str] | None = None,
        **parts: JsonValue,
    ) -> ApiResponse:
        """Posts the sample of this name, with these parts over its own."""
        made = sample("github", name)
        body = dict(made.body)
        for part, changes in parts.items():
            own = body.get(part)
            if isinstance(own, dict) and isinstance(changes, dict):
                body[part] = own | changes
            else:
                body[part] = changes
        sent = made.headers | {"X-GitHub-Delivery": key} | dict(headers or {})
        return self.hook(json.dumps(body).encode(), sent)

    def tasks_of(self, answer: ApiResponse) -> list[Task]:
        """The tasks that an answer names."""
        ids = _ids.validate_python(answer.json_body["task_ids"])
        return [self.wiring.tasks.get(TaskId(each)) for each in ids]


def event(method: str, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, JsonValue]:
    """What API Gateway hands a function for this request."""
    route, _, query = path.partition("?")
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": route,
        "rawQueryString": query,
        "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)),
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "http": {"method": method, "path": route, "sourceIp": "203.0.113.7"},
            "stage": "$default",
            "requestId": "gateway",
        },
        "body": text,
        "isBase64Encoded": encoded,
    }


def as_response(answer: LambdaResponse) -> ApiResponse:
    """The answer as its caller sees it."""
    return ApiResponse(status=answer["statusCode"], headers=answer["headers"], text=answer["body"])


@contextmanager
def running() -> Iterator[System]:
    """A system over a stack in moto, on a clock of its own; nobody is limited."""
    clock = FakeClock()
    with pytest.MonkeyPatch.context() as patch, deployed() as stack, simulated_time(clock):
        live = {"SIGNALBOX_WEBSOCKET_URL": "wss://live.example.com/live"}
        for name, value in (stack.environment("ApiFunction") | live).items():
            patch.setenv(name, value)
        system = System(clock)
        system.limited()
        yield system
