"""Sends every change in the tables to the WebSocket connections that subscribe to it."""

from signalbox.runtime.fanout import fanout

handler = fanout()
