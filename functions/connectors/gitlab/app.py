"""Shows tasks at GitLab."""

from signalbox.connectors.gitlab import GitLab
from signalbox.runtime.connector import connector

handler = connector(GitLab)
