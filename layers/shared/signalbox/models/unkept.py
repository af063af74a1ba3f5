"""A provider's request that left no delivery behind."""

from signalbox.models.base import Model, Moment
from signalbox.models.ids import RequestId


class Unkept(Model):
    """One request that was refused or failed.

    `outcome` is the code of the error, `acks` as in a delivery.
    """

    provider: str
    source: str
    outcome: str
    at: Moment
    request_id: RequestId
    acks: tuple[int, ...] = ()
    retention: int = 86_400
