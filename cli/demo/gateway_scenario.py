"""The scenario of the gateway: two instances of a service, a canary, and one that stops."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import requests
from pydantic import BaseModel, JsonValue, ValidationError

from cli.demo.environment import DemoEnvironment, StepFailed, expect, wait_for
from cli.demo.scenario import Steps, play_steps
from cli.demo.services import ServiceInstances, service_instances
from cli.errors import Unreachable
from cli.operator_client import OperatorClient
from signalbox.models.instance_status import InstanceState
from signalbox.models.manifest import Manifest
from signalbox.models.service import Service
from signalbox.models.upstream import Instance

DEMO_SERVICE: Final = "demo-orders"
_PATH: Final = f"/api/{DEMO_SERVICE}/42"
_CONFIG_SECONDS: Final = 15.0
"""The gateway reads the configuration every five seconds."""
_EJECTED_SECONDS: Final = 30.0
_LOG_SECONDS: Final = 15.0
_TIMEOUT: Final = 10.0
_REQUESTS: Final = 12
_LINE_FIELDS: Final = (
    *("method", "path", "target_service", "version", "instance", "attempt"),
    *("status_code", "duration_ms", "upstream_ms", "principal"),
)

AccessLine = Callable[[str], Mapping[str, JsonValue] | None]
"""Return the access line of the request with an id, None if it is not there yet."""


class InstanceAnswer(BaseModel):
    """The answer of a small service: which instance it is, and the path that it got."""

    instance: str
    path: str


@dataclass(slots=True, kw_only=True)
class GatewayScenario:
    """A service behind the gateway. `apply` applies a manifest, as `signalbox apply` does."""

    environment: DemoEnvironment
    instances: ServiceInstances
    apply: Callable[[Manifest], None]
    access_line: AccessLine
    _last_request: str = field(init=False, default="")

    def a_manifest_is_applied(self) -> None:
        """Apply a service with two instances, and wait until the gateway knows it."""
        for name in ("a", "b"):
            self.environment.tell(f"instance {name} listens at {self.instances.urls[name]}")
        self._apply("a", "b")
        answer = wait_for("the service is known", _CONFIG_SECONDS, self._answer)
        self.environment.tell(f"GET {_PATH}: 200, instance {answer.instance} got {answer.path}")

    def requests_are_balanced(self) -> None:
        """Send requests, which both instances answer."""
        counts = Counter(self._required().instance for _ in range(_REQUESTS))
        self._tell_counts(counts)
        expect(set(counts) == {"a", "b"}, "one instance has answered everything")

    def a_canary_is_added(self) -> None:
        """Add a version with one instance, which gets the requests that name it."""
        self._apply("a", "b", canary="canary")
        self.environment.tell("the version v2 has the instance canary")
        wait_for("the version is known", _CONFIG_SECONDS, self._is_canary)
        self.environment.tell("Accept-Version: v2 leads to canary")
        counts = Counter(self._required().instance for _ in range(_REQUESTS))
        self._tell_counts(counts, "without it: ")
        expect("canary" not in counts, "the canary got requests that did not name it")

    def an_instance_stops(self) -> None:
        """Stop an instance: its requests are answered by the other one."""
        self.instances.stop("b")
        self.environment.tell("instance b refuses connections")
        counts = Counter(self._required().instance for _ in range(2 * _REQUESTS))
        self._tell_counts(counts)
        expect(set(counts) == {"a"}, "an instance that has stopped has answered")

    def it_is_left_out(self) -> None:
        """Show that the instance that stopped gets no more requests."""
        operator = OperatorClient(api=self.environment.api)

        def ejected() -> Mapping[str, InstanceState] | None:
            self._required()
            found = operator.instances(DEMO_SERVICE).items
            states = {each.id: each.state for each in found if not each.version}
            return states if states.get("b") is InstanceState.EJECTED else None

        for name, state in wait_for("b is ejected", _EJECTED_SECONDS, ejected).items():
            self.environment.tell(f"instance {name} is {state}")
        for change in operator.instances(DEMO_SERVICE).history[:1]:
            self.environment.tell(f"{change.instance}: {change.event}, {change.reason}")

    def the_log_has_it(self) -> None:
        """Show the access line of the last request."""
        request = self._last_request
        line = wait_for("the access line", _LOG_SECONDS, lambda: self.access_line(request))
        fields = (f"{name}={line[name]}" for name in _LINE_FIELDS if line.get(name) is not None)
        self.environment.tell(" ".join(fields))

    def _is_canary(self) -> bool:
        answer = self._answer("v2")
        return answer is not None and answer.instance == "canary"

    def _apply(self, *stable: str, canary: str = "") -> None:
        service = Service(
            name=DEMO_SERVICE,
            instances=tuple(self._instance(name) for name in stable),
            versions={"v2": (self._instance(canary),)} if canary else {},
            slow_start_seconds=0,
        )
        self.apply(Manifest(services=(service,)))

    def _instance(self, name: str) -> Instance:
        return Instance(id=name, url=self.instances.urls[name])

    def _required(self) -> InstanceAnswer:
        answer = self._answer()
        if answer is None:
            raise StepFailed("a request was not answered by the service")
        return answer

    def _answer(self, version: str = "") -> InstanceAnswer | None:
        """Return the answer of the service, None if the gateway does not know it yet."""
        api = self.environment.api
        headers = {"X-API-Key": api.key} | ({"Accept-Version": version} if version else {})
        try:
            response = self.environment.session.get(
                f"{api.base_url}{_PATH}", headers=headers, timeout=_TIMEOUT
            )
        except requests.RequestException as failure:
            raise Unreachable(f"{api.base_url} does not answer") from failure
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        self._last_request = response.headers.get("x-request-id", "")
        try:
            return InstanceAnswer.model_validate_json(response.content)
        except ValidationError:
            raise StepFailed(f"the gateway has answered {response.status_code}") from None

    def _tell_counts(self, counts: Mapping[str, int], before: str = "") -> None:
        parts = (f"{number} by {name}" for name, number in sorted(counts.items()))
        total = sum(counts.values())
        self.environment.tell(f"{before}{total} requests, all answered: {', '.join(parts)}")


def run_gateway_scenario(
    environment: DemoEnvironment,
    apply: Callable[[Manifest], None],
    remove: Callable[[], None],
    access_line: AccessLine,
) -> None:
    """Run all steps; `remove` removes the service afterwards.

    Raises:
        CommandError: One does not end as expected.
    """
    with _removed(remove), service_instances("a", "b", "canary") as instances:
        scenario = GatewayScenario(
            environment=environment, instances=instances, apply=apply, access_line=access_line
        )
        steps: Steps = (
            ("A service with two instances is applied", scenario.a_manifest_is_applied),
            ("Requests are balanced", scenario.requests_are_balanced),
            ("A canary takes the requests for its version", scenario.a_canary_is_added),
            ("An instance stops, and no request fails", scenario.an_instance_stops),
            ("The instance is left out", scenario.it_is_left_out),
            ("Each request is a line in the log", scenario.the_log_has_it),
        )
        play_steps(steps)


@contextmanager
def _removed(remove: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    finally:
        remove()
