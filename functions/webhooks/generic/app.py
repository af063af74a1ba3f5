"""Receives the webhooks of Generic."""

from signalbox.providers.generic.provider import Generic
from signalbox.runtime.webhook import webhook

handler = webhook(Generic())
