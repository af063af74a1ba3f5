"""Shows tasks at GitHub."""

from signalbox.connectors.github import GitHub
from signalbox.runtime.connector import connector

handler = connector(GitHub)
