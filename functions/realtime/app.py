"""The WebSocket API of live updates."""

from signalbox.runtime.realtime import realtime

handler = realtime()
