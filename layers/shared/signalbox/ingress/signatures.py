"""Signature schemes as values, and the comparison of signatures in constant time."""

import base64
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from signalbox.ingress.payload import document_bytes
from signalbox.models.errors import PayloadInvalid, SecretMissing, SignatureInvalid
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest
from signalbox.models.secret import is_placeholder
from signalbox.services.ports.time import Clock

_PLACEHOLDER: Final = re.compile(r"\{([a-z0-9-]+)\}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_ISO: Final = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:\.[0-9]{1,6})?Z")
_SIGNED_HEADER: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_MAX_SIGNATURES: Final = 16
_KEY_PREFIX: Final = "whsec_"

TOLERANCE: Final = timedelta(minutes=5)
"""How far a signed timestamp may be from the current time, where a service says nothing else."""


@frozen
class Timestamp:
    """Where the time of signing stands.

    Attributes:
        header: The header, in lower case.
        item: What the time follows where it is one of several items in the header, such as `t=`;
            empty where the header holds nothing else.
        separator: What stands between those items.
        format: How the time is written: in seconds since 1970, or as `2026-03-01T12:00:00Z`.
    """

    header: str
    item: str = ""
    separator: str = ","
    format: Literal["seconds", "iso8601"] = "seconds"

    def read(self, request: InboundRequest) -> str:
        """Return the timestamp as it was sent; empty if it is missing, or there are several."""
        value = request.header(self.header)
        if not self.item:
            return value
        items = [each for each in value.split(self.separator) if each.startswith(self.item)]
        return items[0].removeprefix(self.item) if len(items) == 1 else ""

    def write(self, request: InboundRequest, seconds: int) -> InboundRequest:
        """Return the request with this timestamp; one that has another keeps it."""
        if self.read(request):
            return request
        time = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        written = time if self.format == "iso8601" else str(seconds)
        return request.with_headers({self.header: f"{self.item}{written}"})

    def in_seconds(self, text: str) -> str:
        """Return a timestamp in whole seconds since 1970; empty if it has another format."""
        if self.format == "seconds":
            return text
        try:
            return (
                str(int(datetime.fromisoformat(text).timestamp())) if _ISO.fullmatch(text) else ""
            )
        except ValueError:
            return ""


@frozen
class HmacScheme:
    """How a provider signs a request with HMAC and a shared secret.

    Attributes:
        header: The header with the signature, in lower case.
        algorithm: The hash function.
        encoding: How the digest is written; hexadecimal digits are in lower case.
        prefix: What stands before each signature, such as `sha256=`.
        separator: What stands between several signatures in the header, of which one must be
            right; empty where the header holds one signature.
        signed: What is signed. `{body}` stands for the bytes of the body, `{timestamp}` for the
            timestamp as it was sent, `{url}` for the URL that was called, and any other name for
            the header of that name.
        form_field: The field of a form whose value stands for the body, where the provider sends
            forms and signs the value before it is encoded; empty where it signs what it sends.
        key: How a secret is read: as UTF-8 text, or as base64 behind `whsec_`; a secret that is no
            base64 is text.
        timestamp: Where the time of signing stands, for schemes that protect against replays.
        tolerance: How far the timestamp may be from the current time, in both directions.
    """

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    separator: str = ""
    signed: str = "{body}"
    form_field: str = ""
    key: Literal["text", "base64"] = "text"
    timestamp: Timestamp | None = None
    tolerance: timedelta = TOLERANCE

    def signature(self, secret: str, request: InboundRequest) -> str:
        """Return the signature of a request, with its prefix.

        Raises:
            SignatureInvalid: A header that is signed is missing, or has characters other than
                letters, digits, `_` and `-`; or the signed field of a form is missing or repeated.
        """
        return self._written(secret, self._message(request))

    def sign(self, request: InboundRequest, secret: str, clock: Clock) -> InboundRequest:
        """Return a request with the timestamp, if it has none, and the signature.

        Raises:
            SignatureInvalid: A header that is signed is missing.
        """
        written = ""
        if self.timestamp:
            request = self.timestamp.write(request, int(clock().timestamp()))
            if self.timestamp.header == self.header:
                written = f"{request.header(self.header)}{self.timestamp.separator}"
        return request.with_headers({self.header: written + self.signature(secret, request)})

    def verify(self, request: InboundRequest, secrets: Sequence[str], clock: Clock) -> int:
        """Return the index of the secret with which the request was signed.

        Raises:
            SignatureInvalid: The signature, the timestamp or a signed header is missing, malformed
                or wrong, or the timestamp is too far from the current time.
            SecretMissing: There is no secret to verify with.
        """
        require_secret(secrets)
        message = self._message(request)
        header = request.header(self.header)
        given = header.split(self.separator) if self.separator else [header]
        index = verified_by(
            secrets, given[:_MAX_SIGNATURES], lambda secret: self._written(secret, message)
        )
        if self.timestamp:
            written = self.timestamp.in_seconds(self.timestamp.read(request))
            check_timestamp(written, clock, self.tolerance)
        return index

    def _message(self, request: InboundRequest) -> bytes:
        if self.signed == "{body}":
            return self._body(request)
        literals_and_names = _PLACEHOLDER.split(self.signed)
        literals, names = literals_and_names[::2], literals_and_names[1::2]
        parts = [_raw(literals[0])]
        for name, literal in zip(names, literals[1:], strict=True):
            parts += (self._part(name, request), _raw(literal))
        return b"".join(parts)

    def _part(self, name: str, request: InboundRequest) -> bytes:
        match name:
            case "body":
                return self._body(request)
            case "timestamp":
                return _raw(self.timestamp.read(request) if self.timestamp else "")
            case "url":
                host = request.header("host")
                query = f"?{request.query}" if request.query else ""
                return _raw(f"https://{host}{request.base_path}{request.path}{query}")
        value = request.header(name)
        if not _SIGNED_HEADER.fullmatch(value):  # a separator in it could shift the signed parts
            raise SignatureInvalid(f"the signed header {name} is missing or malformed")
        return value.encode()

    def _body(self, request: InboundRequest) -> bytes:
        try:
            return document_bytes(request, self.form_field)
        except PayloadInvalid as invalid:
            raise SignatureInvalid(f"nothing is signed: {invalid.reason}") from invalid

    def _written(self, secret: str, message: bytes) -> str:
        key = _base64_key(secret) if self.key == "base64" else _raw(secret)
        digest = hmac.digest(key, message, self.algorithm)
        text = digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()
        return f"{self.prefix}{text}"


def check_timestamp(text: str, clock: Clock, tolerance: timedelta = TOLERANCE) -> None:
    """Check that a signed timestamp, in seconds since 1970, is near the current time.

    Raises:
        SignatureInvalid: It is missing, malformed, or further away than the tolerance.
    """
    if not _SECONDS.fullmatch(text):
        raise SignatureInvalid("the timestamp of the signature is missing or malformed")
    if abs(clock().timestamp() - int(text)) > tolerance.total_seconds():
        raise SignatureInvalid(f"the timestamp is more than {tolerance} from the current time")


def require_secret(secrets: Sequence[str]) -> None:
    """Check that there is a secret which is no placeholder.

    Raises:
        SecretMissing: There is none.
    """
    if all(is_placeholder(secret) for secret in secrets):
        raise SecretMissing("no secret is configured to verify signatures with")


def verified_by(
    secrets: Sequence[str], given: Sequence[str], expected: Callable[[str], str]
) -> int:
    """Return the index of the secret under which one of the given signatures is the expected one.

    `expected` makes the signature's text for a secret. Every secret is tried with every given
    signature, also after a match, so that the time does not tell which one matched. A placeholder
    left in the configuration is no secret.

    Raises:
        SignatureInvalid: No signature matches.
        SecretMissing: There is no secret to compare with, whatever was sent.
    """
    require_secret(secrets)
    signatures = [_raw(text) for text in given]
    matches = [
        index
        for index, secret in enumerate(secrets)
        if not is_placeholder(secret) and _contains(signatures, _raw(expected(secret)))
    ]
    if not matches:
        raise SignatureInvalid("the signature is missing or was not made with our secret")
    return matches[0]


def _contains(signatures: Sequence[bytes], expected: bytes) -> bool:
    return any([hmac.compare_digest(expected, signature) for signature in signatures])  # noqa: C419  all of them


def _base64_key(secret: str) -> bytes:
    encoded = secret.removeprefix(_KEY_PREFIX)
    if not encoded:
        raise SecretMissing(f"a configured secret is nothing but {_KEY_PREFIX}")
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return _raw(secret)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
