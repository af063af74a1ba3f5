"""How AWS's mappings call a function and read its answer.

Rules: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html,
services-dynamodb-errors.html and services-sqs-errorhandling.html of the same guide.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.integration.faults import Crash

Record = dict[str, JsonValue]
Event = dict[str, JsonValue]
Handler = Callable[[Event, LambdaContext], object]

PARTIAL = "ReportBatchItemFailures"
"""The response type under which an answer may name the records that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chaos:
    """What at-least-once delivery may do, drawn from a seed: repeat batches, mix up items."""

    random: Random
    repeat: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of a function. `error` is what it raised."""

    function: str
    records: tuple[Record, ...]
    error: BaseException | None = None
    response: object = None


@dataclass(slots=True, kw_only=True)
class Function:
    """A function as its mappings see it; whatever it raises, even a crash, is a failed call."""

    name: str
    handler: Handler
    clock: FakeClock
    timeout: int = 60
    invocations: list[Invocation] = field(default_factory=list)

    def __call__(self, records: list[Record]) -> Invocation:
        event: Event = json.loads(json.dumps({"Records": records}))
        context = FakeContext(self.clock, function=self.name, timeout=self.timeout)
        try:
            response = self.handler(event, context)
        except (Exception, Crash) as error:  # noqa: BLE001  as Lambda does
            made = Invocation(function=self.name, records=tuple(records), error=error)
        else:
            made = Invocation(function=self.name, records=tuple(records), response=response)
        self.invocations.append(made)
        return made


def reported(invocation: Invocation, known: set[str], *, partial: bool) -> set[str]:
    """Which of the known records failed, by the answer; all of them where it makes no sense."""
    if invocation.error is not None:
        return known
    if not partial or not invocation.response:
        return set()
    if not isinstance(invocation.response, dict):
        return known
    failures = invocation.response.get("batchItemFailures") or []
    named = {each.get("itemIdentifier") if isinstance(each, dict) else None for each in failures}
    return known if named - known else {name for name in named if isinstance(name, str)}
