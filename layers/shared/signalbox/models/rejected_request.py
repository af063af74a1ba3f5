"""A provider's request that left no delivery behind."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import RequestId


class RejectedRequest(Model):
    """One request that was refused or failed.

    `outcome` is the code of the error, `acks` as in a delivery.
    """

    provider: str
    source: str
    outcome: str
    at: UtcDatetime
    request_id: RequestId
    acks: tuple[int, ...] = ()
    retention: int = 86_400
