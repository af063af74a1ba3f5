"""Reconciles overdue tasks and notifications every minute, and counts changes."""

from signalbox.runtime.maintenance import maintenance

handler = maintenance()
