"""Fails tasks and notifications that have no attempts left."""

from signalbox.runtime.dead_letters import dead_letters

handler = dead_letters()
