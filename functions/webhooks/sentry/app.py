"""Receives the webhooks of Sentry."""

from signalbox.providers.sentry.provider import Sentry
from signalbox.runtime.webhook import webhook

handler = webhook(Sentry())
