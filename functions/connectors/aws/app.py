"""Delivers notifications to Aws."""

from signalbox.connectors.aws import Aws
from signalbox.runtime.connector import connector

handler = connector(Aws)
