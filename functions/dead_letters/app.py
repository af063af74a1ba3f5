"""Ends tasks and notifications whose messages nobody could take."""

from signalbox.runtime.dead_letters import dead_letters

handler = dead_letters()
