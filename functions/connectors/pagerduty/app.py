"""Sends alerts to PagerDuty."""

from signalbox.connectors.pagerduty import PagerDuty
from signalbox.runtime.connector import connector

handler = connector(PagerDuty)
