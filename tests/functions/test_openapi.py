"""The API keeps to its own description, whoever asks and however oddly.

`make test` asks a little and the same every time; `make fuzz` asks much, and anew each time.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.schemas import BaseSchema

from tests.functions.gateway import Gateway
from tests.functions.system import System, running

pytestmark = pytest.mark.untraced  # it repeats what others cover, and tracing slows it down

FUZZ = int(os.environ.get("SIGNALBOX_FUZZ", "0"))
"""How many requests `make fuzz` makes of every operation; 0 in `make test`."""

_SENSE: Final = re.compile(
    '"code":"(idempotency_key_reused|precondition_failed|precondition_required|not_consecutive|batch_too_large'
    '|opens_nothing|start_too_late|template_invalid)"'
    "|the cursor is not one of this list|an ETag is of the form"
    "|a character that no text may hold"
)
"""Why what has the right form may be refused all the same: no schema can say it."""

_REFUSALS: Final = [400, 401, 403, 404, 406, 409, 412, 415, 422, 428]

PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
PART: Final = 6
"""Edges take long: `make test` tries those of one operation in so many."""

IDENTITIES = ("anonymous", "viewer", "worker", "operator", "admin")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running() as system:
        system.api.logger.setLevel("CRITICAL")
        yield system
        system.api.logger.setLevel("INFO")


def served(system: System, identity: str, *phases: str) -> BaseSchema:
    """The description as it is served, and how it is to be tried: by this caller, in every way."""
    headers = {} if identity == "anonymous" else {"X-API-Key": system.key(identity)}
    config = SchemathesisConfig.from_dict(
        {
            "headers": headers,
            "workers": 1,
            "continue-on-failure": True,
            "output": {"sanitization": {"enabled": False}},
            "generation": {
                "deterministic": not FUZZ,
                "database": "none",
                "allow-x00": False,
                "max-examples": FUZZ or 1,
                "no-shrink": not FUZZ,
            },
            "checks": {"missing_required_header": {"expected-statuses": _REFUSALS}},
            "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
        }
    )
    return schemathesis.openapi.from_asgi("/openapi.json", Gateway(system), config=config)


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
                response = f"{answer.status_code} {answer.text[:300]}" if answer else "no answer"
                if check.name == "positive_data_acceptance" and _SENSE.search(response):
                    continue
                info = check.failure_info
                about = f"{info.failure.title}\n{info.failure.message}"
                yield f"{scenario.label} {check.name}", f"{about}\n{info.code_sample}\n{response}"


@pytest.mark.parametrize("identity", IDENTITIES)
def test_whoever_asks_is_answered_as_described(system: System, identity: str) -> None:
    found = failures(served(system, identity, "examples", "fuzzing", "stateful"))

    assert not found, "\n\n".join(map(str, found.values()))


def test_values_at_the_edge_are_taken_or_refused_as_described(system: System) -> None:
    schema = served(system, "admin", "coverage")
    if not FUZZ:
        schema = schema.include(lambda tried: crc32(tried.operation.label.encode()) % PART == 0)

    found = failures(schema)

    assert not found, "\n\n".join(map(str, found.values()))
