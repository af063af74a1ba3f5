"""Request and response bodies of health."""

from signalbox.models.base import Model


class HealthResponse(Model):
    """We are there."""

    status: str = "ok"
    version: str


class ReadinessResponse(Model):
    """For each thing we need: whether it answered."""

    status: str
    checks: dict[str, bool]
