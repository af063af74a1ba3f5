"""Receives the webhooks of Gitea."""

from signalbox.providers.gitea.provider import Gitea
from signalbox.runtime.webhook import webhook

handler = webhook(Gitea())
