"""What calls which function, in the template after its transforms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json, JsonValue
from pydantic.alias_generators import to_pascal

from cli.local.processed_template import GatewayRoute, ProcessedTemplate
from cli.server.template_values import attribute_reference
from signalbox.models.base import JsonObject

_RATE: Final = re.compile(r"rate\((\d+) minutes?\)")
_STREAM: Final = "StreamArn"
_ARN: Final = "Arn"


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True, frozen=True)


class _Filter(_Part):
    pattern: Json[dict[str, JsonValue]]


class _FilterCriteria(_Part):
    filters: tuple[_Filter, ...] = ()


class _Target(_Part):
    destination: JsonValue


class _Destinations(_Part):
    on_failure: _Target


class _Concurrency(_Part):
    maximum_concurrency: int


class EventSource(_Part):
    """A mapping of a stream or a queue, with the defaults of Lambda."""

    function: Annotated[str, BeforeValidator(lambda value: value["Ref"])] = Field(
        alias="FunctionName"
    )
    source: JsonValue = Field(alias="EventSourceArn")
    batch_size: int = 0
    bisect: bool = Field(default=False, alias="BisectBatchOnFunctionError")
    max_retries: int = Field(default=-1, alias="MaximumRetryAttempts")
    max_age_seconds: int = Field(default=-1, alias="MaximumRecordAgeInSeconds")
    criteria: _FilterCriteria = Field(default=_FilterCriteria(), alias="FilterCriteria")
    destinations: _Destinations | None = Field(default=None, alias="DestinationConfig")
    scaling: _Concurrency | None = Field(default=None, alias="ScalingConfig")

    @property
    def is_stream(self) -> bool:
        """Return whether it reads the stream of a table."""
        match self.source:
            case {"Fn::GetAtt": [_, "StreamArn"]}:
                return True
        return False

    @property
    def resource(self) -> str:
        """Return the logical name of the table or queue."""
        return attribute_reference(self.source, (_STREAM, _ARN))

    @property
    def patterns(self) -> tuple[Mapping[str, JsonValue], ...]:
        """Return the patterns of which a record must match one; none lets all pass."""
        return tuple(each.pattern for each in self.criteria.filters)

    @property
    def failure_queue(self) -> str:
        """Return the logical name of the queue of batches that were given up, if there is one."""
        if self.destinations is None:
            return ""
        return attribute_reference(self.destinations.on_failure.destination, (_ARN,))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCall:
    """A function that is called every so many minutes."""

    function: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """The functions with their timeouts in seconds, and what calls them."""

    timeouts: Mapping[str, int]
    routes: tuple[GatewayRoute, ...]
    sources: tuple[EventSource, ...]
    schedules: tuple[ScheduledCall, ...]
    document: JsonObject = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the plan in a processed template.

        Raises:
            ValueError: It is not one of Signalbox.
        """
        document: JsonObject = json.loads(text)
        return cls(
            timeouts={
                name: int(str(properties.get("Timeout", 3)))
                for name, properties in resources_of(document, "AWS::Lambda::Function")
            },
            routes=tuple(
                route for api in ProcessedTemplate.read(text).apis for route in api.routes
            ),
            sources=tuple(
                EventSource.model_validate(properties)
                for _, properties in resources_of(document, "AWS::Lambda::EventSourceMapping")
            ),
            schedules=tuple(_schedules(document)),
            document=document,
        )


def resources_of(document: JsonObject, kind: str) -> Iterator[tuple[str, JsonObject]]:
    """Yield the logical name and the properties of each resource of a type."""
    resources = document.get("Resources")
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        match resource:
            case {"Type": str(found), "Properties": dict(properties)} if found == kind:
                yield name, properties


def _schedules(document: JsonObject) -> Iterator[ScheduledCall]:
    for name, rule in resources_of(document, "AWS::Events::Rule"):
        rate = _RATE.fullmatch(str(rule.get("ScheduleExpression")))
        match rule.get("Targets"):
            case [{"Arn": arn}] if rate:
                function = attribute_reference(arn, (_ARN,))
                yield ScheduledCall(function=function, minutes=int(rate[1]))
            case _:
                raise ValueError(f"the rule {name} has another form than rate(n minutes)")
