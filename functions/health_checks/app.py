"""Checks the instances of services twice a minute."""

from signalbox.runtime.health_checks import health_checks

handler = health_checks()
