"""Receives the webhooks of Slack."""

from signalbox.providers.slack.provider import Slack
from signalbox.runtime.webhook import webhook

handler = webhook(Slack())
