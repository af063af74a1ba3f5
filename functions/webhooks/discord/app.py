"""Receives the webhooks of Discord."""

from signalbox.providers.discord.provider import Discord
from signalbox.runtime.webhook import webhook

handler = webhook(Discord())
