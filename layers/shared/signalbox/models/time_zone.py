"""Time zones by their IANA names."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def time_zone(name: str) -> "ZoneInfo":
    """Return a time zone.

    Raises:
        ValueError: It is not known.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415  rarely needed

    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        raise ValueError("is no time zone, such as Europe/Berlin") from None
