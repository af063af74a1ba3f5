"""Request and response bodies of health."""

from signalbox.models.base import Model


class HealthResponse(Model):
    """The API runs."""

    status: str = "ok"
    version: str


class ReadinessResponse(Model):
    """Whether each service that is needed answered."""

    status: str
    checks: dict[str, bool]
