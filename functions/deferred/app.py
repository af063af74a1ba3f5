"""Interprets the deliveries that were answered first, and sends their outcomes."""

from signalbox.runtime.deferred import deferred

handler = deferred()
