"""Sends notifications to Discord."""

from signalbox.connectors.discord import Discord
from signalbox.runtime.connector import connector

handler = connector(Discord)
