"""Delivers notifications to Trello."""

from signalbox.connectors.trello import Trello
from signalbox.runtime.connector import connector

handler = connector(Trello)
