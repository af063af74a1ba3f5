"""Delivers notifications to Jira."""

from signalbox.connectors.jira import Jira
from signalbox.runtime.connector import connector

handler = connector(Jira)
