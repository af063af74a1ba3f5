"""Calls of moto at less than half their price: without what moto does not look at.

Clients are shared by all who want one of the same kind: making one takes longer than most tests.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, Final, cast
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from moto import backend_index
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import method_names_from_class

from tests.integration import light_moto
from tests.integration.moto_transport import transport_to_moto

_SERVICES: Final = ("dynamodb", "dynamodbstreams", "sqs", "ssm", "s3")
_call: Final = cast("Callable[..., object]", vars(BaseClient)["_make_api_call"])
_sign: Final = RequestSigner.sign
_method_names: Final = cache(method_names_from_class)
_make_client: Final = cast("Callable[..., object]", boto3.client)
_pick: Final = XFormedAttributePicker.__call__
_clients: dict[tuple[str, str], object] = {}
_keys: dict[tuple[object, ...], tuple[str, ...]] = {}


@contextmanager
def light_calls() -> Iterator[None]:
    """Share clients, sign no calls, name no agent, and find the code of an operation at once."""
    patterns = sorted(backend_index.backend_url_patterns, key=lambda each: _place(each[0]))
    with ExitStack() as stack:
        stack.enter_context(patch.object(BaseClient, "_make_api_call", _untraced))
        stack.enter_context(patch.object(RequestSigner, "sign", _unsigned))
        stack.enter_context(patch("boto3.client", _shared_client))
        stack.enter_context(patch.object(UserAgentString, "to_string", lambda _: "tests"))
        stack.enter_context(patch("moto.core.responses.method_names_from_class", _method_names))
        stack.enter_context(patch.object(backend_index, "backend_url_patterns", patterns))
        stack.enter_context(patch.object(XFormedAttributePicker, "__call__", _picked))
        stack.enter_context(patch("moto.core.responses.gen_amzn_requestid_long", _request_id))
        light_moto.install(stack)
        stack.enter_context(transport_to_moto())
        yield


def _place(service: str) -> int:
    """Put the services of the template first; those that share an address keep their order."""
    return 0 if service in _SERVICES else 1


def _shared_client(service: str, config: Config | None = None, **more: str) -> object:
    options = getattr(config, "_user_provided_options", {})
    kind = (service, repr((options, more)))
    if kind not in _clients:
        _clients[kind] = _make_client(service, config=config, **more)
    return _clients[kind]


def _untraced(client: BaseClient, *call: Any) -> Any:
    """Trace nothing for coverage in boto3 and moto, where most of the time is spent."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return _call(client, *call)
    finally:
        sys.settrace(tracer)


def _unsigned(signer: RequestSigner, operation: str, request: AWSRequest, **more: Any) -> None:
    """Sign only what is more than a call, such as an address, and for S3, which asks for it."""
    if more or signer.signing_name == "s3":
        _sign(signer, operation, request, **more)


def _picked(picker: XFormedAttributePicker, context: AttributePickerContext) -> object:
    """Return the value of a field; of a dictionary without a search for its aliases each time."""
    found = context.obj
    if type(found) is not dict or picker.response_transformers:
        return _pick(picker, context)
    shape = context.shape
    field = (context.key, shape.name, getattr(shape, "parent", shape).name)
    if field not in _keys:
        _keys[field] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
    return next((found[key] for key in _keys[field] if key in found), None)


def _request_id(headers: dict[str, str]) -> str:
    """Return an id without 52 random letters, which nobody reads."""
    headers["x-amzn-requestid"] = "REQUEST"
    return "REQUEST"
