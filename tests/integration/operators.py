"""All that operators ask of an installation."""

import json
from typing import Final

from pydantic import JsonValue

from signalbox.auth.api_keys import new_key
from signalbox.aws.config import DynamoKeys
from signalbox.aws.dynamo_table import Table
from signalbox.models.ids import delivery_id
from tests.builders import a_connection, a_subscription
from tests.fakes.context import FakeContext
from tests.functions.system import ApiResponse, as_response, event
from tests.integration.cloud_map import NAMESPACE
from tests.integration.installation import Installation

OF_ONE: Final = "d-0"
LARGE: Final = "large"


class Operators:
    """They may do everything."""

    def __init__(self, box: Installation) -> None:
        self.box = box
        made = new_key(
            "live",
            name="operators",
            roles=("admin",),
            scopes=(),
            created_by="tests",
            now=box.clock(),
        )
        table = Table(client=box.stack.clients.dynamodb, name=box.stack.name("ConfigTable"))
        DynamoKeys(table=table).put(made.stored)
        self._key = made.text

    def ask(self, method: str, path: str, body: JsonValue = None, **headers: str) -> ApiResponse:
        """What the API answers, which is no error."""
        sent = {
            "content-type": "application/json",
            "x-api-key": self._key,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content = b"" if body is None else json.dumps(body).encode()
        context = FakeContext(self.box.clock, function="ApiFunction", timeout=30)
        made = self.box.functions["ApiFunction"](event(method, path, sent, content), context)
        answer = as_response(made)  # type: ignore[arg-type]  # this function answers HTTP
        assert answer.status < 400, answer.text
        return answer

    def everything(self) -> None:
        """Each route once at least; the deliveries `d-0` and `large` are there."""
        self._deliveries()
        self._configuration()
        self._access()
        self._queues()

    def replay(self, key: str) -> None:
        """Replay a delivery of GitHub."""
        self.ask("POST", f"/api/v1/deliveries/{delivery_id('github', 'default', key)}/replay")

    def _deliveries(self) -> None:
        box = self.box
        box.comment(delivery=OF_ONE, secret="wrong")
        box.comment("/agent one", delivery=OF_ONE)
        for key in (OF_ONE, LARGE):
            path = f"/api/v1/deliveries/{delivery_id('github', 'default', key)}"
            self.ask("GET", path)
            self.ask("GET", f"{path}/explain")
            self.replay(key)
        self.ask("GET", "/api/v1/deliveries")
        self.ask("GET", f"/api/v1/explain?provider=github&key={OF_ONE}")
        assert self.ask("GET", "/api/v1/rejections").items

    def _configuration(self) -> None:
        extra = a_connection(id="extra", settings={})
        things = {
            "/api/v1/sources/github/extra": {"provider": "github", "name": "extra"},
            "/api/v1/connections/extra": extra.model_dump(mode="json"),
            "/api/v1/subscriptions/extra": a_subscription(
                id="extra", connection="extra"
            ).model_dump(mode="json"),
        }
        for path, body in things.items():
            self.ask("PUT", path, body)
            self.ask("GET", path)
        for path in ("/api/v1/sources/github/extra", "/api/v1/connections/extra"):
            self.ask(
                "PUT",
                f"{path}/secret",
                {"secrets": ["https://hooks.slack.com/services/T1/B1/operators"]},
            )
        self.ask("PUT", "/api/v1/sources/github/extra/token", {"secrets": ["a-token"]})
        self.box.keep_secrets("connections/extra", "what Slack never takes")
        place = self.ask("POST", "/api/v1/connections/extra/test").headers["location"]
        self.box.driver.settle()
        assert self.ask("GET", place).json_body["status"] == "failed"
        self.ask("POST", f"{place}/redeliver")
        for path in reversed(things):
            self.ask("DELETE", path, if_match="*")
        assert self.ask("GET", "/api/v1/notifications").items

    def gateway(self) -> None:
        """Services whose instances do not answer: one registered itself, one is looked up."""
        health_check: JsonValue = {"unhealthy_threshold": 1}
        orders: JsonValue = {
            "name": "orders",
            "access": {"public": True},
            "instances": [{"id": "a", "url": "http://127.0.0.1:1"}],
            "health_check": health_check,
            "self_registration": True,
        }
        self.ask("PUT", "/api/v1/services/orders", orders)
        stock: JsonValue = {
            "name": "stock",
            "access": {"public": True},
            "discovery": {"cloud_map": {"namespace": NAMESPACE, "service": "stock"}},
            "health_check": health_check,
            "tls": {"ca": True, "client_certificate": True},
        }
        self.ask("PUT", "/api/v1/services/stock", stock)
        for name in ("b", "c"):
            body: JsonValue = {"url": f"http://127.0.0.1:1/{name}"}
            self.ask("PUT", f"/api/v1/services/orders/instances/{name}", body)
        self.ask("DELETE", "/api/v1/services/orders/instances/c")
        self.ask("GET", "/api/v1/services/orders/instances")

    def _access(self) -> None:
        self.ask("PUT", "/api/v1/roles/mine", {"name": "mine", "scopes": ["tasks:read"]})
        key = self.ask("POST", "/api/v1/keys", {"name": "mine", "roles": ["mine"]})
        self.ask("DELETE", key.headers["location"])
        self.ask("DELETE", "/api/v1/roles/mine", if_match="*")

    def _queues(self) -> None:
        self.ask("POST", "/api/v1/queue/low/pause", {})
        self.ask("POST", "/api/v1/queue/low/resume")
        self.ask("GET", "/api/v1/queue/dead-letters")
        self.ask("GET", "/api/v1/metrics")
        self.ask("POST", "/api/v1/queue/redrive", {"kind": "task"})
        self.ask("POST", "/api/v1/queue/redrive", {"kind": "notification"})
