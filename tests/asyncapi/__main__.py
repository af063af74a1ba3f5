"""Writes the AsyncAPI document to standard output, for a stack at example.com."""

import sys

from signalbox.http.asyncapi import asyncapi_document
from signalbox.runtime.version import VERSION

sys.stdout.write(
    asyncapi_document(
        version=VERSION,
        websocket_url="wss://live.example.com/live",
        api_url="https://api.example.com",
    )
)
