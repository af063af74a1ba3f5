"""Receives the webhooks of Jira."""

from signalbox.providers.jira.provider import Jira
from signalbox.runtime.webhook import webhook

handler = webhook(Jira())
