"""The scenario of `signalbox demo --part gateway`, over the functions in this process."""

import base64
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from pydantic import JsonValue

from cli.api_client import ApiClient, session_for
from cli.demo.environment import DemoEnvironment, StepFailed
from cli.demo.gateway_scenario import DEMO_SERVICE, GatewayScenario, run_gateway_scenario
from cli.demo.gateway_stack import find_access_line
from cli.demo.services import ServiceInstances, service_instances
from cli.demo.webhooks import demo_webhook
from cli.local.logs import LogEvent
from cli.target import Target
from cli.webhooks.send import WebhookEndpoint
from signalbox.http.events import LambdaResponse
from signalbox.models.manifest import Manifest
from signalbox.models.service import Service
from signalbox.providers.github.provider import GitHub
from signalbox.runtime.gateway import gateway
from tests.builders import SECRET
from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.functions.system import event


@dataclass(kw_only=True)
class GatewayStack:
    """The API and the gateway, whose configuration is a table in moto."""

    served: Served
    environment: DemoEnvironment

    def apply(self, manifest: Manifest) -> None:
        with self.served.one_at_a_time:
            (service,) = manifest.services
            self.served.wiring.config.put(service)

    def remove(self) -> None:
        with self.served.one_at_a_time:
            for service in self.services():
                self.served.wiring.config.remove(service)

    def services(self) -> list[Service]:
        self.served.wiring.config.invalidate()
        return list(self.served.wiring.config.all(Service))

    def access_line(self, request: str) -> Mapping[str, JsonValue]:
        return {"request_id": request, "target_service": DEMO_SERVICE, "status_code": 200}

    def scenario(self, instances: ServiceInstances) -> GatewayScenario:
        return GatewayScenario(
            environment=self.environment,
            instances=instances,
            apply=self.apply,
            access_line=self.access_line,
        )


@pytest.fixture
def stack(served: Served, monkeypatch: pytest.MonkeyPatch) -> GatewayStack:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Signalbox/test")
    wiring, api = served.wiring, served.api
    settings = wiring.settings.model_copy(update={"gateway_networks": "127.0.0.0/8"})
    monkeypatch.setattr(wiring, "settings", settings)
    handler = gateway(wiring)

    def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> LambdaResponse:
        asked, context = event(method, path, headers, body), FakeContext(FakeClock(), timeout=30)
        with served.one_at_a_time:
            response = (handler if path.startswith("/api/demo-") else api)(asked, context)
        text = response["body"]
        if response["isBase64Encoded"]:  # the bridge serves texts
            text = base64.b64decode(text).decode()
        return {**response, "body": text}

    monkeypatch.setattr(served, "answer", answer)
    session = session_for(served.url)
    environment = DemoEnvironment(
        target=Target(url=served.url, key=served.key),
        api=ApiClient(base_url=served.url, key=served.key, session=session, timeout=5),
        address=WebhookEndpoint(url=served.url, secret=SECRET, provider=GitHub()),
        webhook=demo_webhook("github"),
        echo_url="http://127.0.0.1:9",
        session=session,
    )
    return GatewayStack(served=served, environment=environment)


@pytest.fixture
def instances() -> Iterator[ServiceInstances]:
    with service_instances("a", "b") as running:
        yield running


def test_all_steps_of_the_gateway_go_as_they_must(
    stack: GatewayStack, capsys: pytest.CaptureFixture[str]
) -> None:
    run_gateway_scenario(stack.environment, stack.apply, stack.remove, stack.access_line)

    printed = capsys.readouterr().out
    for words in (
        "12 requests, all answered: ",
        "Accept-Version: v2 leads to canary",
        "24 requests, all answered: 24 by a",
        "instance b is ejected",
        "b: ejected, too many calls failed",
        "target_service=demo-orders",
        "All 6 steps went as they must.",
    ):
        assert words in printed
    assert stack.services() == []


def test_a_step_that_goes_wrong_ends_the_demo_and_removes_the_service(stack: GatewayStack) -> None:
    def apply(manifest: Manifest) -> None:
        (service,) = manifest.services
        only = {"instances": service.instances[:1]}
        stack.apply(Manifest(services=(service.model_copy(update=only),)))

    with pytest.raises(StepFailed, match="step 2 failed: one instance has answered everything"):
        run_gateway_scenario(stack.environment, apply, stack.remove, stack.access_line)

    assert stack.services() == []


def test_an_answer_of_the_gateway_itself_ends_a_step(
    stack: GatewayStack, instances: ServiceInstances
) -> None:
    scenario = stack.scenario(instances)
    scenario.a_manifest_is_applied()
    instances.stop_all()

    with pytest.raises(StepFailed, match=r"the gateway has answered 50[23]"):
        scenario.requests_are_balanced()


class FakeLogs:
    """A LogSource whose lines come with each look."""

    def __init__(self, *messages: str) -> None:
        self.messages = deque(messages)
        self.shown: list[LogEvent] = []

    def since(self, milliseconds: int) -> list[LogEvent]:
        if self.messages:
            message = self.messages.popleft()
            self.shown.append(LogEvent(id=message, milliseconds=milliseconds, message=message))
        return self.shown


def test_the_access_line_of_a_request_is_found_once_it_is_there() -> None:
    line = {"message": "access", "request_id": "req_2", "instance": "a"}
    other = json.dumps(line | {"request_id": "req_1"})
    access_line = find_access_line(FakeLogs(other, '"access" req_2 cut', json.dumps(line)))

    looks = [access_line("req_2") for _ in range(3)]

    assert looks == [None, None, line]


def test_the_gateway_is_shown_by_itself(signalbox: CommandLine) -> None:
    refused = signalbox("demo", "--part", "gateway", "--provider", "github")

    assert refused.code != 0
    assert "--part has neither a provider nor a connector" in refused.err
