"""Receives the webhooks of Linear."""

from signalbox.providers.linear.provider import Linear
from signalbox.runtime.webhook import webhook

handler = webhook(Linear())
