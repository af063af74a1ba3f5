"""Signalbox: webhooks in, durable tasks, notifications out."""

import gc

gc.set_threshold(20_000, 10, 10)
"""Modules and classes are no garbage: looking for some while they load took a sixth of a start."""
