"""template.yaml as the tests of AWS read it, so that they cannot drift from what is deployed."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_pascal

from cli.template import TEMPLATE, expanded_template, translated_template

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
PSEUDO: Final[Mapping[str, JsonValue]] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}

_NO_VALUE: Final[JsonValue] = {"Ref": "AWS::NoValue"}


class _Part(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_pascal, populate_by_name=True, extra="ignore", frozen=True
    )


class Parameter(_Part):
    default: JsonValue = None
    allowed_pattern: str = ""
    min_value: int | None = None
    max_value: int | None = None


class Resource(_Part):
    type: str
    condition: str = ""
    properties: dict[str, JsonValue] = Field(default_factory=dict)


class Template(_Part):
    parameters: dict[str, Parameter]
    conditions: dict[str, JsonValue]
    globals: dict[str, dict[str, JsonValue]]
    resources: dict[str, Resource]

    def of_type(self, type_: str) -> dict[str, dict[str, JsonValue]]:
        """The properties of every resource of a type, by logical name."""
        return {
            name: resource.properties
            for name, resource in self.resources.items()
            if resource.type == type_
        }

    def values(self, **given: JsonValue) -> dict[str, JsonValue]:
        """What AWS knows before it makes anything: pseudo parameters, parameters and conditions.

        Of the conditions only those that compare two values are here.
        """
        defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        known = {**PSEUDO, **defaults, **given}
        for name, condition in self.conditions.items():
            match condition:
                case {"Fn::Equals": [one, other]}:
                    known[name] = resolved(one, known) == resolved(other, known)
        return known


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Several = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""A list, or its only member without one."""


class Statement(_Part):
    """What a policy allows; the ARNs may hold `*`."""

    effect: Literal["Allow"]
    action: Several
    resource: Several


class Document(_Part):
    statement: tuple[Statement, ...]


class Policy(_Part):
    policy_document: Document


class Role(_Part):
    policies: tuple[Policy, ...]


class Filter(_Part):
    pattern: str


class FilterCriteria(_Part):
    filters: tuple[Filter, ...] = ()


class OnFailure(_Part):
    destination: str


class DestinationConfig(_Part):
    on_failure: OnFailure


class StreamMapping(_Part):
    """The properties of a function's DynamoDB event, with AWS's defaults."""

    stream: str
    starting_position: str
    batch_size: int = 100
    bisect_batch_on_function_error: bool = False
    maximum_retry_attempts: int = -1
    maximum_record_age_in_seconds: int = -1
    function_response_types: tuple[str, ...] = ()
    filter_criteria: FilterCriteria = FilterCriteria()
    destination_config: DestinationConfig | None = None


class ScalingConfig(_Part):
    maximum_concurrency: int


class QueueMapping(_Part):
    """The properties of a function's SQS event, with AWS's defaults."""

    queue: str
    batch_size: int = 10
    function_response_types: tuple[str, ...] = ()
    scaling_config: ScalingConfig | None = None


class Dimension(_Part):
    name: str
    value: JsonValue


class Metric(_Part):
    namespace: JsonValue
    metric_name: str
    dimensions: tuple[Dimension, ...] = ()


class MetricStat(_Part):
    metric: Metric
    period: int
    stat: str


class Calculation(_Part):
    """A metric of an alarm, or what is made of its metrics."""

    id: str = ""
    expression: str = ""
    return_data: bool = True
    metric_stat: MetricStat | None = None


class Alarm(_Part):
    """An alarm, which watches one metric or what is calculated from several."""

    period: int = 0
    statistic: str = ""
    metrics: tuple[Calculation, ...] = ()
    threshold: JsonValue
    evaluation_periods: int
    comparison_operator: str
    treat_missing_data: str

    @classmethod
    def of(cls, properties: dict[str, JsonValue]) -> Self:
        """The one metric of an alarm is read as if something were calculated from it."""
        alarm = cls.model_validate(properties)
        if alarm.metrics:
            return alarm
        one = MetricStat(
            metric=Metric.model_validate(properties), period=alarm.period, stat=alarm.statistic
        )
        return alarm.model_copy(update={"metrics": (Calculation(metric_stat=one),)})

    @property
    def watched(self) -> tuple[MetricStat, ...]:
        """The metrics that it looks at."""
        return tuple(each.metric_stat for each in self.metrics if each.metric_stat)


@cache
def template() -> Template:
    return Template.model_validate(expanded_template())


@cache
def translated(path: Path = TEMPLATE) -> str:
    """The template as `translated_template` returns it, made once: SAM's transform takes long."""
    return translated_template(path)


def resolved(value: JsonValue, known: Mapping[str, JsonValue]) -> JsonValue:
    """The value with every Ref, GetAtt, Sub and If replaced.

    `known` maps `Name` and `Name.Attribute` to values, and a condition to whether it holds. What is
    not known, and every other function, becomes None; AWS::NoValue removes its property.
    """
    match value := _chosen(value, known):
        case {"Ref": str(name)}:
            return known.get(name)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return known.get(f"{name}.{attribute}")
        case {"Fn::Sub": str() | [str(), dict()] as text}:
            return _substituted(text, known)
        case dict() if any(key.startswith("Fn::") for key in value):
            return None
        case dict():
            given = {key: _chosen(each, known) for key, each in value.items()}
            return {key: resolved(each, known) for key, each in given.items() if each != _NO_VALUE}
    return [resolved(each, known) for each in value] if isinstance(value, list) else value


def _chosen(value: JsonValue, known: Mapping[str, JsonValue]) -> JsonValue:
    """The alternative of an If whose condition is known; other values as they are."""
    match value:
        case {"Fn::If": [str(condition), then, otherwise]} if condition in known:
            return _chosen(then if known[condition] else otherwise, known)
    return value


def _substituted(text: JsonValue, known: Mapping[str, JsonValue]) -> str:
    """A text of Fn::Sub, or one with names of its own."""
    if isinstance(text, list):
        text, own = text
        names = resolved(own, known)
        return _substituted(text, {**known, **names} if isinstance(names, dict) else known)
    text = str(text)
    for name, value in known.items():
        text = text.replace("${" + name + "}", str(value))
    return text
