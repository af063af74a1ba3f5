"""Permissions without a provider to ask."""

from signalbox.services.deliveries.permissions import everybody_may
from signalbox.services.ports.deliveries import PermissionCheck
from signalbox.services.ports.time import TimeLeft


def everybody_in_time(_time_left: TimeLeft) -> PermissionCheck:
    """A PermissionsWithin: everybody may, however little time is left."""
    return everybody_may
