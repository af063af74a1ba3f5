"""Build the routes of the documentation of the API."""

from signalbox.http.openapi import openapi_document
from signalbox.http.openapi_webhooks import webhook_routes
from signalbox.http.routes.docs import add_docs
from signalbox.http.routes.protected_resource import add_protected_resource
from signalbox.http.routing import Routes
from signalbox.runtime.mcp import issuer_urls
from signalbox.runtime.registry import providers
from signalbox.runtime.version import VERSION
from signalbox.runtime.wiring import Wiring


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the routes, and those of webhooks, which other functions answer."""
    for provider in providers():
        for path in webhook_routes(provider):
            routes.add_external("POST", path)

    def describe(base_path: str) -> str:
        signed = {name: make().signature_header for name, make in providers().items()}
        return openapi_document(routes, version=VERSION, signed=signed, base_path=base_path)

    def describe_events(api_url: str) -> str:
        from signalbox.http.asyncapi import asyncapi_document  # noqa: PLC0415  rarely needed

        websocket_url = wired.settings.websocket_url
        return asyncapi_document(version=VERSION, websocket_url=websocket_url, api_url=api_url)

    add_docs(routes, describe=describe, describe_events=describe_events)
    add_protected_resource(routes, issuers=lambda: issuer_urls(wired))
