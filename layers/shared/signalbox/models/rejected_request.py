"""A rejected request: one that left no delivery."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import RequestId


class RejectedRequest(Model):
    """A request that was rejected or failed, for the counters.

    `outcome` is the code of the error; `acks` are as in a delivery.
    """

    provider: str
    source: str
    outcome: str
    at: UtcDatetime
    request_id: RequestId
    acks: tuple[int, ...] = ()
    retention: int = 86_400
