"""Sends signed webhooks."""

from signalbox.connectors.webhook import Webhook
from signalbox.runtime.connector import connector

handler = connector(Webhook)
