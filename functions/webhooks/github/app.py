"""Receives the webhooks of GitHub."""

from signalbox.providers.github.provider import GitHub
from signalbox.runtime.webhook import webhook

handler = webhook(GitHub())
