"""Heals every minute what the stream or a worker has left undone."""

from signalbox.runtime.maintenance import maintenance

handler = maintenance()
