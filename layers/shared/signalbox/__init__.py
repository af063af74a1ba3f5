"""Signalbox: webhooks in, durable tasks, notifications out."""

import gc

gc.set_threshold(100_000, 10, 10)
"""Modules and classes are no garbage: looking for some while they load took a sixth of a start.

A function has 50,000 to 80,000 objects when it has answered its first request, and keeps four more
of each request, so that it looks for garbage once in ten thousand requests.
"""
