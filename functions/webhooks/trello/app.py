"""Receives the webhooks of Trello."""

from signalbox.providers.trello.provider import Trello
from signalbox.runtime.webhook import webhook

handler = webhook(Trello())
