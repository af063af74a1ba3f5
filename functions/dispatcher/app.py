"""Hands every change of a task on to queues and connectors."""

from signalbox.runtime.dispatcher import dispatcher

handler = dispatcher()
