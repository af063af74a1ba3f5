"""Sends notifications to Slack."""

from signalbox.connectors.slack import Slack
from signalbox.runtime.connector import connector

handler = connector(Slack)
