"""Check that a request is one that its route takes, before its parameters are read."""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Dependant

from signalbox.http.routing import APPLICATION_JSON, Route
from signalbox.models.errors import NotAcceptable, PayloadInvalid, UnsupportedMedia
from signalbox.models.request import InboundRequest

_EMPTY_BODIES: Final = (b"", b"{}")


def check_accept(request: InboundRequest, route: Route) -> None:
    """Check the Accept header.

    Raises:
        NotAcceptable: The client accepts none of the media types of the route.
    """
    check_media_types(request, route.media_types)


def check_media_types(request: InboundRequest, media_types: Sequence[str]) -> None:
    """Check the Accept header against the media types of the response.

    Raises:
        NotAcceptable: The client accepts none of them.
    """
    if not request.header("accept").strip(" \t,"):
        return
    offered = {*media_types, "*/*", *(f"{kind.partition('/')[0]}/*" for kind in media_types)}
    if not request.accepted & offered:
        raise NotAcceptable(f"this answers with {', '.join(media_types)}")


def check_query(query: Mapping[str, str], known: frozenset[str]) -> None:
    """Check the names of the query parameters.

    Raises:
        RequestValidationError: The route does not know one of them.
    """
    odd = sorted(query.keys() - known)
    if odd:
        raise RequestValidationError(
            [{"loc": ("query", name), "type": "extra_forbidden"} for name in odd]
        )


def check_sent_body(request: InboundRequest, dependant: Dependant) -> None:
    """Check the body. A route that takes no body accepts none, which the router would ignore.

    Raises:
        UnsupportedMedia: The media type of the body is not supported.
        PayloadInvalid: The body cannot be parsed.
    """
    if not dependant.body_params:
        if request.body.strip() not in _EMPTY_BODIES:
            raise PayloadInvalid("this takes no body")
        return
    check_uncompressed(request)
    if not request.body:
        return
    if request.body.strip() == b"null":
        raise PayloadInvalid("the body is null; what has nothing to say has no body")
    check_json(request)
    try:
        request.body.decode()
    except UnicodeDecodeError:
        raise PayloadInvalid("the body is not UTF-8") from None


def check_uncompressed(request: InboundRequest) -> None:
    """Check that the body is not compressed.

    Raises:
        UnsupportedMedia: It is.
    """
    if request.header("content-encoding").strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia("bodies are taken as they are, not compressed")


def check_json(request: InboundRequest) -> None:
    """Check that the body is declared as JSON.

    Raises:
        UnsupportedMedia: It is not.
    """
    if request.media_type != APPLICATION_JSON:
        raise UnsupportedMedia(f"the body must be {APPLICATION_JSON}")
