"""Request and response bodies of health."""

from signalbox.models.base import Model, UtcDatetime


class HealthResponse(Model):
    """The API runs, and its time."""

    status: str = "ok"
    service: str = "signalbox"
    version: str
    time: UtcDatetime


class ReadinessResponse(Model):
    """Whether each service that is needed answered."""

    status: str
    checks: dict[str, bool]
