"""Shows tasks at Gitea and Forgejo."""

from signalbox.connectors.gitea import Gitea
from signalbox.runtime.connector import connector

handler = connector(Gitea)
