"""Check requests against the OpenAPI 3 document of a service."""

import json
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from signalbox.models.base import JsonObject
from signalbox.models.errors import NotFound
from signalbox.models.frozen import frozen
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.service import MAX_LAMBDA_BYTES, Service
from signalbox.services.gateway.bodies import read_body
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind
from signalbox.services.gateway.openapi_document import (
    ApiDocument,
    ApiDocumentInvalid,
    ApiOperation,
)
from signalbox.services.gateway.request_values import check_body, check_parameters
from signalbox.services.ports.gateway import GatewayResponse

MAX_DOCUMENT_BYTES: Final = 100_000


def _of_limited_size(document: JsonObject) -> JsonObject:
    if len(json.dumps(document)) > MAX_DOCUMENT_BYTES:
        raise ValueError(f"has more than {MAX_DOCUMENT_BYTES:,} bytes as JSON")
    return document


class Undeclared(StrEnum):
    """What becomes of a request that is for no operation of the document."""

    REFUSE = "refuse"
    FORWARD = "forward"


class Options(MiddlewareOptions):
    """The document, and the path of the service below which its paths are."""

    document: Annotated[JsonObject, AfterValidator(_of_limited_size)]
    base_path: Annotated[
        str, StringConstraints(pattern=r"^(/[A-Za-z0-9._~-]+)*$", max_length=200)
    ] = ""
    undeclared: Annotated[Undeclared, Field(strict=False)] = Undeclared.REFUSE


@frozen
class Validate:
    """Refuses requests that the document does not describe. Responses are not checked."""

    options: Options
    document: ApiDocument

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response to a valid request.

        Raises:
            NotFound: There is no such operation.
            RequestInvalid: A parameter or the body is not valid.
        """
        found = self.document.find(call.request.method, call.destination.path)
        if found is None:
            if self.options.undeclared is Undeclared.FORWARD:
                return await call_next(call)
            raise NotFound("the service has no such operation")
        operation, values = found
        check_parameters(operation, call.request, values)
        return await call_next(await _with_checked_body(call, operation))


async def _with_checked_body(call: GatewayCall, operation: ApiOperation) -> GatewayCall:
    if operation.body is None:
        return call
    limit = min(call.destination.service.max_body_bytes, MAX_LAMBDA_BYTES)
    content = await read_body(call.request.body, limit)
    check_body(operation.body, call.request, content)
    return replace(call, request=replace(call.request, body=content))


def _document_faults(options: Options, _service: Service) -> Iterator[tuple[str, str]]:
    try:
        ApiDocument(options.document, options.base_path).check()
    except ApiDocumentInvalid as invalid:
        yield "document", str(invalid)


MIDDLEWARE: Final = MiddlewareKind(
    options=Options,
    create=lambda options, _tools: Validate(
        options=options, document=ApiDocument(options.document, options.base_path)
    ),
    check=_document_faults,
)
