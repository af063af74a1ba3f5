"""Delivers notifications to Email."""

from signalbox.connectors.email import Email
from signalbox.runtime.connector import connector

handler = connector(Email)
