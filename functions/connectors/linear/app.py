"""Shows tasks in Linear."""

from signalbox.connectors.linear import Linear
from signalbox.runtime.connector import connector

handler = connector(Linear)
