"""Compute what a number of webhooks costs in a month, and what throttles first.

The units are those of `signalbox.models.costs`, which tests compare with the real functions.
"""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from cli.errors import CommandError
from signalbox.models.costs import HOURS_A_MONTH, USAGE, CostItem, Usage, standing_costs
from signalbox.models.prices import PRICES_AS_OF

PRICED_REGIONS: Final = ("us-east-1", "us-east-2", "us-west-2")
"""Regions in which the prices of `signalbox.models.prices` are charged."""

# of heartbeats in each third of their leases every other one hides its message for longer
HEARTBEAT_USAGE: Final = Usage(
    requests=1,
    invocations=1,
    milliseconds=14,
    write_units=1.25,
    reads=1,
    queue_calls=0.5,
    log_bytes=438,
)

INDEX_PARTITION_UNITS: Final = 0.55
"""What a webhook with one task writes to the fullest partition of an index; a test keeps it."""

_SECONDS_A_MONTH: Final = HOURS_A_MONTH * 3_600
_STAGE_RATE: Final = 1_000
_CONCURRENCY: Final = 1_000
_PARTITION: Final = 1_000
_TABLE: Final = 40_000


class Load(BaseModel):
    """Webhooks a month, and what each makes on average; `peak` is the busiest rate to the mean."""

    model_config = ConfigDict(frozen=True)

    webhooks: int = Field(ge=0)
    tasks: float = Field(default=1, ge=0)
    heartbeats: float = Field(default=1, ge=0)
    notifications: float = Field(default=2, ge=0)
    peak: float = Field(default=10, ge=1)

    @property
    def usage(self) -> tuple[tuple[str, float, Usage], ...]:
        """Return how many of each item a webhook makes, and what one takes."""
        numbers = (
            (CostItem.WEBHOOKS, 1.0),
            (CostItem.TASKS, self.tasks),
            (CostItem.CLAIMS, self.tasks),
            (CostItem.COMPLETIONS, self.tasks),
            (CostItem.NOTIFICATIONS, self.tasks * self.notifications),
        )
        of_work = tuple((str(item), number, USAGE[item]) for item, number in numbers)
        return (*of_work, ("heartbeats", self.tasks * self.heartbeats, HEARTBEAT_USAGE))

    @property
    def peak_a_second(self) -> float:
        """Return the webhooks a second at the busiest time."""
        return self.webhooks / _SECONDS_A_MONTH * self.peak


class CapacityLimit(BaseModel):
    """A limit of a stack with the defaults of the template, as webhooks a second."""

    model_config = ConfigDict(frozen=True)

    name: str
    webhooks_a_second: float
    raised_by: str


class CostEstimate(BaseModel):
    """Dollars a month by item, and the limits, that which is reached first at the beginning."""

    model_config = ConfigDict(frozen=True)

    region: str
    prices_as_of: str
    dollars: dict[str, float]
    total: float
    peak_a_second: float
    limits: tuple[CapacityLimit, ...]


def estimate_cost(load: Load, region: str, *, vendor_alarms: bool = True) -> CostEstimate:
    """Return the costs of a month and the capacity, with the alarms that the stack has.

    Raises:
        CommandError: The prices of the region are not known.
    """
    if region not in PRICED_REGIONS:
        known = ", ".join(PRICED_REGIONS)
        raise CommandError(f"the prices of {region} are not known here; known are {known}")
    dollars = {
        name: load.webhooks * number * usage.dollars for name, number, usage in load.usage
    } | {"alarms and polling": standing_costs(vendor_alarms=vendor_alarms)}
    return CostEstimate(
        region=region,
        prices_as_of=PRICES_AS_OF,
        dollars={name: round(amount, 2) for name, amount in dollars.items()},
        total=round(sum(dollars.values()), 2),
        peak_a_second=load.peak_a_second,
        limits=capacity_limits(load),
    )


def capacity_limits(load: Load) -> tuple[CapacityLimit, ...]:
    """Return what throttles, that which does first at the beginning."""

    def each(unit: str) -> float:
        return sum(number * float(getattr(usage, unit)) for _, number, usage in load.usage)

    limits = (
        CapacityLimit(
            name="requests of API Gateway",
            webhooks_a_second=_STAGE_RATE / each("requests"),
            raised_by="ThrottleRate, up to the 10,000 of the account",
        ),
        CapacityLimit(
            name="concurrency of Lambda",
            webhooks_a_second=_CONCURRENCY / (each("milliseconds") / 1_000),
            raised_by="the quota Concurrent executions, which is 10 in new accounts",
        ),
        CapacityLimit(
            name="a partition of an index",
            webhooks_a_second=_PARTITION / (INDEX_PARTITION_UNITS * max(1.0, load.tasks)),
            raised_by="more shards (decision 26)",
        ),
        CapacityLimit(
            name="write units of a table",
            webhooks_a_second=_TABLE / each("write_units"),
            raised_by="the quota of tables on demand",
        ),
    )
    return tuple(sorted(limits, key=lambda limit: limit.webhooks_a_second))
