"""The paths that providers send to. Functions of their own answer them, without a router."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pydantic import TypeAdapter

from signalbox.http.openapi_parts import ALWAYS, Json, headers_named, problem_refs
from signalbox.http.webhook import DELIVERY_HEADER, Accepted

WEBHOOKS: Final = "/api/v1/webhooks"

_ERRORS: Final = (400, 401, 404, 413, 500, 503)
_json = TypeAdapter[Json](Json)


def webhook_schemas() -> Json:
    """The models of the answers to providers."""
    made = _json.validate_python(
        Accepted.model_json_schema(
            mode="serialization", ref_template="#/components/schemas/{model}"
        )
    )
    parts = _json.validate_python(made.pop("$defs", {}))
    return {**parts, "Accepted": made}


def webhook_routes(provider: str) -> tuple[str, str]:
    """Where a provider sends to: its default source, and any other."""
    return f"{WEBHOOKS}/{provider}", f"{WEBHOOKS}/{provider}/<source>"


def webhook_paths(providers: Iterable[str]) -> Json:
    """What OpenAPI says of the webhooks of these providers."""
    return {path: {"post": operation} for each in providers for path, operation in _of(each)}


def signatures(signed: Mapping[str, str]) -> Json:
    """How each provider proves who it is: by the signature in this header."""
    return {
        _signature(provider): {
            "type": "apiKey",
            "in": "header",
            "name": header,
            "description": f"The signature of {provider} over the bytes of the body",
        }
        for provider, header in signed.items()
    }


def _signature(provider: str) -> str:
    return f"Signature-{provider}"


def _of(provider: str) -> Iterator[tuple[str, Json]]:
    default, named = webhook_routes(provider)
    yield default, _operation(provider, f"receive_{provider}", [])
    source: Json = {
        "name": "source",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
    }
    path = named.replace("<", "{").replace(">", "}")
    yield path, _operation(provider, f"receive_{provider}_of_source", [source])


def _operation(provider: str, name: str, parameters: list[Json]) -> Json:
    answer: Json = {
        "description": "The delivery is kept, and so is every task that it asks for",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Accepted"}}},
        "headers": {
            DELIVERY_HEADER: {
                "description": "Our id of the delivery",
                "schema": {"type": "string"},
            },
            **headers_named(*ALWAYS),
        },
    }
    return {
        "tags": ["webhooks"],
        "summary": f"Receive a webhook of {provider}",
        "description": "Signed as the provider signs its webhooks; nothing else is believed.",
        "operationId": name,
        "security": [{_signature(provider): []}],
        "parameters": [*parameters],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "responses": {"200": answer, "202": answer, **problem_refs(_ERRORS)},
    }
