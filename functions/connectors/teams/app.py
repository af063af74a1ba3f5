"""Sends notifications to Microsoft Teams."""

from signalbox.connectors.teams import Teams
from signalbox.runtime.connector import connector

handler = connector(Teams)
