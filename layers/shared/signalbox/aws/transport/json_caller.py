"""Calls of one service in AWS's JSON protocols, 1.0 and 1.1.

https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

import json
import time
import zlib
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from pydantic_core import PydanticSerializationError, from_json, to_json

from signalbox.aws.errors import AwsError, AwsRefused, AwsUnreachable
from signalbox.aws.transport.credentials import AwsCredentials, CredentialSource
from signalbox.aws.transport.http_pool import HttpPool
from signalbox.aws.transport.http_response import AwsResponse
from signalbox.aws.transport.retries import AwsRetries
from signalbox.aws.transport.sigv4 import SigningScope, sign_headers
from signalbox.models.frozen import frozen

_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_SKEWED: Final = frozenset(
    {
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_MAX_SKEW_SECONDS: Final = 240
"""AWS accepts five minutes: https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html"""

_BYTES: Final = frozenset({bytes, bytearray, memoryview})
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


@frozen
class JsonService:
    """How a service is called.

    `signing_name` is its name in signatures, `prefix` begins its host, and `variable` ends the name
    of the variable with another endpoint.
    """

    signing_name: str
    prefix: str
    variable: str
    target: str
    version: str = "1.0"
    headers: Mapping[str, str]


class JsonCaller:
    """Calls a service, with retries."""

    def __init__(
        self,
        service: JsonService,
        *,
        region: str,
        pool: HttpPool,
        credentials: CredentialSource,
        retries: AwsRetries,
        environment: Mapping[str, str],
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = service
        self._scope = SigningScope(region=region, service=service.signing_name)
        self._pool = pool
        self._credentials = credentials
        self._retries = retries
        self._environment = environment
        self._now = now
        self._sleep = sleep
        self._skew = 0.0

    def __call__(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the response of an operation.

        Raises:
            AwsRefused: The service responded with an error.
            AwsUnreachable: It gave no response that can be used; the call may have taken effect.
        """
        body = _encoded(request)
        before: AwsError | None = None
        attempt = 1
        while True:
            try:
                response = self._attempt(operation, body)
            except AwsError as error:
                pause = self._pause(error, before, attempt)
                if pause is None:
                    raise
                before = error
            else:
                self._retries.succeeded(before)
                return response
            self._sleep(pause)
            attempt += 1

    def _attempt(self, operation: str, body: bytes) -> dict[str, Any]:
        credentials = self._credentials()
        headers = sign_headers(
            {
                "content-type": f"application/x-amz-json-{self._service.version}",
                "host": self._pool.endpoint.authority,
                "x-amz-target": f"{self._service.target}.{operation}",
                **self._service.headers,
            },
            body,
            credentials=credentials,
            scope=self._scope,
            now=self._now() + self._skew,
            path=self._pool.endpoint.path,
        )
        headers["user-agent"] = "signalbox"
        if trace := self._environment.get("_X_AMZN_TRACE_ID"):
            headers["x-amzn-trace-id"] = trace  # as the SDK passes it on within Lambda
        response = self._pool.post(headers, body)
        _check_sum(response)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(operation, response, credentials)
        return _decoded(response.content)

    def _refusal(
        self, operation: str, response: AwsResponse, credentials: AwsCredentials
    ) -> AwsRefused:
        """Return the error of a response, having learnt from it what a retry needs."""
        refused = read_refusal(operation, response)
        skewed = refused.code in _SKEWED and self._learn_skew(response)
        renewed = refused.code in _EXPIRED and self._credentials.invalidate(credentials)
        return _Renewed(refused.response, operation) if skewed or renewed else refused

    def _pause(self, error: AwsError, before: AwsError | None, attempt: int) -> float | None:
        if isinstance(error, _Renewed):
            return None if isinstance(before, _Renewed) else 0.0
        return self._retries.pause(error, attempt)

    def _learn_skew(self, response: AwsResponse) -> bool:
        """Take over the time of the service, and return whether it was another."""
        try:
            at = parsedate_to_datetime(response.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return False
        skew = at - self._now()
        if abs(skew - self._skew) < _MAX_SKEW_SECONDS:
            return False
        self._skew = skew
        return True


class _Renewed(AwsRefused):
    """A refusal that another clock, or other credentials, may turn into a success."""


def read_refusal(operation: str, response: AwsResponse) -> AwsRefused:
    """Return the error in a response, in the form of boto3's ClientError."""
    try:
        fields = _decoded(response.content)
    except AwsUnreachable:
        fields = {}
    kind = str(response.headers.get("x-amzn-errortype") or fields.pop("__type", ""))
    code = kind.rpartition("#")[2].partition(":")[0] or str(response.status)
    # SQS has another code in its older protocol, by which it is known: https://smithy.io/2.0/aws/
    code = response.headers.get("x-amzn-query-error", code).partition(";")[0]
    message = fields.pop("message", None) or fields.pop("Message", None) or ""
    return AwsRefused(
        {
            **fields,
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": response.status},
        },
        operation,
    )


def _check_sum(response: AwsResponse) -> None:
    """Check the sum that DynamoDB sends along.

    Raises:
        AwsUnreachable: The content is another than the one that was sent.
    """
    expected = response.headers.get("x-amz-crc32")
    if expected is not None and expected.strip() != str(zlib.crc32(response.content)):
        raise AwsUnreachable("the response is damaged")


def _decoded(content: bytes) -> dict[str, Any]:
    try:
        document = from_json(content) if content else {}
        if not isinstance(document, dict):
            raise AwsUnreachable("the response is no JSON object")
        if b'"B' in content:  # few responses have bytes
            _decode_bytes(document)
    except ValueError:
        raise AwsUnreachable("the response is not JSON") from None
    return document


def _decode_bytes(document: dict[str, Any] | list[Any]) -> None:
    """Decode all bytes in a document: attribute values are objects with one field, not an object.

    It is a loop over attributes, since a call for each of them takes as long as parsing the JSON.
    """
    for value in document.values() if type(document) is dict else document:
        if type(value) is dict:
            if "S" in value and type(value["S"]) is str:
                continue  # most are texts
            if len(value) == 1:
                [(kind, inside)] = value.items()
                if type(inside) is str:
                    if kind == "B":
                        value["B"] = a2b_base64(inside)
                    continue
                if kind == "BS" and type(inside) is list:
                    value["BS"] = [a2b_base64(each) for each in inside]
                    continue
            _decode_bytes(value)
        elif type(value) is list:
            _decode_bytes(value)


def _encoded(request: Mapping[str, Any]) -> bytes:
    """Return the JSON of a request, with bytes in base64.

    Raises:
        TypeError: A request cannot hold such a value.
    """
    document = _encode_bytes(request)
    try:
        return to_json(document)
    except PydanticSerializationError:  # of a lone surrogate, which AWS refuses
        return json.dumps(document, separators=(",", ":")).encode()


def _encode_bytes(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document with all bytes in it in base64, as `_decode_bytes` reads them.

    pydantic would take bytes elsewhere for texts, and make a text of what JSON does not have.
    """
    encoded = {**document}
    for name, value in document.items():
        kind = type(value)
        if kind is dict:
            if "S" not in value or type(value["S"]) is not str:  # most are texts
                encoded[name] = _encode_bytes(value)
        elif kind in _BYTES:
            encoded[name] = b2a_base64(value, newline=False).decode()
        elif kind is list or kind is tuple:
            encoded[name] = [_encode_bytes({"": part})[""] for part in value]
        elif kind not in _PLAIN and not isinstance(value, str):
            raise TypeError(f"a request cannot hold a value of the type {kind.__name__}")
    return encoded
