"""Dispatches every change of a task to queues and connectors."""

from signalbox.runtime.dispatcher import dispatcher

handler = dispatcher()
