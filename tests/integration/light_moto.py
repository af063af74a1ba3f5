"""moto's DynamoDB, SQS and SSM without the HTTP between boto3 and them, and with lighter JSON.

moto builds a request of werkzeug from each call, reads its body as a form, and looks for every
member of a shape in every value; at its start it makes 1,300 callbacks for calls by `requests`.
What its services see and answer stays the same.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Final, cast
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from moto.core import models
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.request import Request
from moto.core.responses import BaseResponse
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.sqs.responses import SQSResponse
from moto.ssm.responses import SimpleSystemManagerResponse
from responses import CallbackResponse

from tests.integration.template import ACCOUNT

_SERVICES: Final = {
    "DynamoDB_20120810": DynamoHandler,
    "DynamoDBStreams_20120810": DynamoDBStreamsHandler,
    "AmazonSQS": SQSResponse,
    "AmazonSSM": SimpleSystemManagerResponse,
}
_SCALARS: Final = {"S": str, "N": str, "BOOL": bool}
_callback: Final = cache(CallbackResponse)
_process: Final = BotocoreStubber.process_request
_structure: Final = BaseJSONSerializer._serialize_type_structure


@dataclass(frozen=True, slots=True)
class _Parsable:
    """What the parser of parameters reads of a request."""

    content_type: str
    data: str
    headers: dict[str, str]
    method: str = "POST"
    path: str = "/"
    values: tuple[()] = ()


def install(stack: ExitStack) -> None:
    """Use all of this until the stack is closed."""
    stack.enter_context(patch.object(models, "CallbackResponse", _callback))
    stack.enter_context(patch.object(BotocoreStubber, "process_request", _processed))
    stack.enter_context(patch.object(BaseJSONSerializer, "_serialize_type_structure", _serialized))


def _processed(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
    """Hand a call straight to its service; those of S3 go the long way."""
    target = _text(request.headers.get("X-Amz-Target", ""))
    service = _SERVICES.get(target.partition(".")[0])
    if service is None or not request.url.endswith("/"):
        return _process(stubber, request)
    handler = service()
    _set_up(handler, request, target)
    return handler.call_action()


def _set_up(handler: BaseResponse, request: AWSPreparedRequest, target: str) -> None:
    """Set what `BaseResponse.setup_class` does, as far as these services look at it."""
    content_type = _text(request.headers["Content-Type"])
    headers = {"X-Amz-Target": target, "x-amz-target": target, "Content-Type": content_type}
    handler.body = handler.raw_body = _text(cast("bytes", request.body))
    handler.uri, handler.path = request.url, urlsplit(request.url).path
    handler.headers, handler.querystring = headers, {}
    handler.response_headers = {"server": "amazon.com"}
    handler.region = handler.get_region_from_url(SimpleNamespace(headers=headers), request.url)
    handler.current_account, handler.access_key = ACCOUNT, "testing"
    handler.uri_match, handler.partition = {}, "aws"
    if handler.automated_parameter_parsing:
        handler.parse_parameters(cast("Request", _Parsable(content_type, handler.body, headers)))


def _serialized(
    serializer: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str
) -> None:
    """Take an attribute of an item as it is, where it is a plain one."""
    if shape.name == "AttributeValue" and key and type(value) is dict and len(value) == 1:
        ((kind, content),) = value.items()
        if type(content) is _SCALARS.get(kind):
            serialized[key] = value
            return
    _structure(serializer, serialized, value, shape, key)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
