"""A history of metrics, which a stack that has just started does not have."""

from datetime import UTC, datetime, timedelta
from typing import Any

_START = datetime(2026, 3, 1, tzinfo=UTC)
_STEP = timedelta(minutes=5)


def metrics_history(length: int = 24, *, provider: str = "github") -> dict[str, Any]:
    """Return what the API answers: more webhooks in each interval than in the one before."""
    return {
        "resolution": "5m",
        "intervals": [_interval(number, provider) for number in range(length)],
    }


def _interval(number: int, provider: str) -> dict[str, Any]:
    since = _START + number * _STEP
    counts = {"accepted": number, "signature_invalid": number % 3}
    return {
        "since": since.isoformat().replace("+00:00", "Z"),
        "until": (since + _STEP).isoformat().replace("+00:00", "Z"),
        "webhooks": counts,
        "providers": {provider: sum(counts.values())},
        "tasks": {"created": number, "succeeded": max(0, number - 2), "failed": number % 2},
        "notifications": {"delivered": number},
        "stored": {
            "pending": 3 + number % 4,
            "running": number % 2,
            "succeeded": number,
            "failed": 0,
            "cancelled": 0,
            "awaiting_approval": 0,
        },
    }
