"""Receives the webhooks of PagerDuty."""

from signalbox.providers.pagerduty.provider import PagerDuty
from signalbox.runtime.webhook import webhook

handler = webhook(PagerDuty())
