"""The REST API and the worker protocol."""

from signalbox.runtime.api import api

handler = api()
