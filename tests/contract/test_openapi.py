"""The API keeps to its own description, whoever asks and however oddly.

`make test` asks a little and the same every time; `make fuzz` asks much, and anew each time.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.schemas import BaseSchema

from signalbox.runtime.wiring import Wiring
from tests.contract.gateway import Gateway
from tests.fakes.clock import FakeClock
from tests.functions.system import System
from tests.integration.aws import deployed
from tests.integration.simulated import simulated_time

FUZZ = int(os.environ.get("SIGNALBOX_FUZZ", "0"))
"""How many requests `make fuzz` makes of every operation; 0 in `make test`."""

IDENTITIES = ("anonymous", "viewer", "worker", "operator", "admin")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    clock = FakeClock()
    with pytest.MonkeyPatch.context() as patch, deployed() as stack, simulated_time(clock):
        for name, value in stack.environment("ApiFunction").items():
            patch.setenv(name, value)
        system = System(wiring=Wiring(clock=clock, sleep=clock.sleep), clock=clock)
        system.limited()
        system.api.logger.setLevel("CRITICAL")
        yield system


def config(system: System, identity: str) -> SchemathesisConfig:
    """Every check; the whole of every phase only for who may do everything, and for fuzzing."""
    whole = bool(FUZZ) or identity == "admin"
    headers = {} if identity == "anonymous" else {"X-API-Key": system.key(identity)}
    return SchemathesisConfig.from_dict(
        {
            "headers": headers,
            "workers": 1,
            "continue-on-failure": True,
            "output": {"sanitization": {"enabled": False}},
            "generation": {
                "deterministic": not FUZZ,
                "database": "none",
                "max-examples": FUZZ or 2,
                "no-shrink": not FUZZ,
            },
            "phases": {
                "coverage": {"enabled": whole},
                "stateful": {"enabled": whole},
            },
        }
    )


@dataclass
class Found:
    """One kind of failure: how often, and a request that shows it."""

    what: str
    example: str
    times: int = 0

    def __str__(self) -> str:
        return f"{self.what} ({self.times} times)\n{self.example}"


def failures(schema: BaseSchema) -> dict[str, Found]:
    """What was wrong."""
    found: dict[str, Found] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            for what, example in failed(event.recorder):
                found.setdefault(what, Found(what, example)).times += 1
        elif isinstance(event, NonFatalError):
            found[event.label] = Found(event.label, repr(event.value), 1)
        elif isinstance(event, FatalError):
            raise event.exception
    return found


def failed(scenario: ScenarioRecorder) -> Iterator[tuple[str, str]]:
    for case, checks in scenario.checks.items():
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info:
                answer = scenario.interactions[case].response
                said = f"{answer.status_code} {answer.text[:300]}" if answer else "no answer"
                info = check.failure_info
                about = f"{info.failure.title}\n{info.failure.message}"
                yield f"{scenario.label} {check.name}", f"{about}\n{info.code_sample}\n{said}"


@pytest.mark.parametrize("identity", IDENTITIES)
def test_the_api_keeps_to_its_description(system: System, identity: str) -> None:
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", Gateway(system), config=config(system, identity)
    )

    found = failures(schema)

    assert not found, "\n\n".join(map(str, found.values()))
