"""Upstream services behind the gateway, and the instances that serve them."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from signalbox.models.base import Model, Name

MAX_INSTANCES: Final = 100
MAX_WEIGHT: Final = 256

InstanceUrl = Annotated[
    str, StringConstraints(pattern=r"^https?://[!-\"$-.0->@-~]{1,300}(/[!-\"$->@-~]{0,300})?$")
]
"""The base URL of an instance, without query and fragment."""

InstanceWeight = Annotated[int, Field(ge=1, le=MAX_WEIGHT)]

InstanceMetadata = dict[
    Annotated[str, StringConstraints(min_length=1, max_length=64)],
    Annotated[str, StringConstraints(max_length=256)],
]
"""What the owner of an instance notes about it."""


class BalancingPolicy(StrEnum):
    """How an instance is chosen for a request."""

    ROUND_ROBIN = "round_robin"
    WEIGHTED_ROUND_ROBIN = "weighted_round_robin"
    LEAST_OUTSTANDING = "least_outstanding"
    POWER_OF_TWO_CHOICES = "power_of_two_choices"
    CONSISTENT_HASH = "consistent_hash"


class Instance(Model):
    """One running copy of a service at one address.

    An instance with twice the weight of another gets twice the requests.
    """

    id: Name
    url: InstanceUrl
    weight: InstanceWeight = 1
    zone: Name | None = None
    metadata: InstanceMetadata = Field(default_factory=dict, max_length=20)

    @property
    def authority(self) -> str:
        """Return the host of the URL, with the port if there is one."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def base_path(self) -> str:
        """Return the path of the URL without a slash at its end, so empty for the root."""
        return self.url.partition("://")[2].removeprefix(self.authority).rstrip("/")
