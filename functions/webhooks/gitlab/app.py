"""Receives the webhooks of GitLab."""

from signalbox.providers.gitlab.provider import GitLab
from signalbox.runtime.webhook import webhook

handler = webhook(GitLab())
