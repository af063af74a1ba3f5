"""Receives the webhooks of Bitbucket."""

from signalbox.providers.bitbucket.provider import Bitbucket
from signalbox.runtime.webhook import webhook

handler = webhook(Bitbucket())
