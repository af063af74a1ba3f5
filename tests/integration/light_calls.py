"""Calls of moto at about half their price: without what moto does not look at."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, Final
from unittest.mock import patch

from botocore.awsrequest import AWSRequest
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from moto import backend_index
from moto.core.utils import method_names_from_class

_SERVICES: Final = ("dynamodb", "dynamodbstreams", "sqs", "ssm", "s3")
_sign: Final = RequestSigner.sign
_method_names: Final = cache(method_names_from_class)


@contextmanager
def light_calls() -> Iterator[None]:
    """Sign no calls, name no agent, and let moto find the code of an operation at once."""
    patterns = sorted(backend_index.backend_url_patterns, key=lambda each: _place(each[0]))
    with ExitStack() as stack:
        stack.enter_context(patch.object(RequestSigner, "sign", _unsigned))
        stack.enter_context(patch.object(UserAgentString, "to_string", lambda _: "tests"))
        stack.enter_context(patch("moto.core.responses.method_names_from_class", _method_names))
        stack.enter_context(patch.object(backend_index, "backend_url_patterns", patterns))
        yield


def _place(service: str) -> int:
    """Put the services of the template first; those that share an address keep their order."""
    return 0 if service in _SERVICES else 1


def _unsigned(signer: RequestSigner, operation: str, request: AWSRequest, **more: Any) -> None:
    """Sign only what is more than a call, such as an address, and for S3, which asks for it."""
    if more or signer.signing_name == "s3":
        _sign(signer, operation, request, **more)
