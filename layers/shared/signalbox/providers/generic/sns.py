"""Amazon SNS signs messages with RSA; each names the URL of the certificate that verifies it.

The message must come from the topic of the settings, and the certificate from the host of SNS in
the region of that topic. The certificate is fetched over TLS by whoever calls `verify`.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

cryptography is imported when a signature is verified: other functions do not have it.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from signalbox.ingress.payload import decode_json
from signalbox.ingress.signatures import Timestamp, check_timestamp
from signalbox.models.base import Model
from signalbox.models.errors import Conflict, PayloadInvalid, SignatureInvalid
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest
from signalbox.services.ports.time import Clock

_TOPIC: Final = (
    r"arn:aws(?:-cn|-us-gov)?:sns:[a-z]{2}(?:-[a-z]+)+-[0-9]:[0-9]{12}:[A-Za-z0-9_-]{1,256}"
)
_CERTIFICATE: Final = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem")
_PRINTABLE: Final = re.compile(r"[!-~]{1,2048}")
_CONFIRMATION: Final = "SubscriptionConfirmation"
_CONFIRMED: Final = (
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
)
_SIGNED: Final[Mapping[str, Sequence[str]]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    _CONFIRMATION: _CONFIRMED,
    "UnsubscribeConfirmation": _CONFIRMED,
}
"""The members that are signed, in their order; `Subject` may be missing."""
_TIME: Final = Timestamp(header="", format="iso8601")
_TOLERANCE: Final = timedelta(days=6)
"""SNS repeats a message for long; a replay is recognised for seven days by the stored delivery."""
_KEY_BITS: Final = range(2048, 8193)


@frozen
class SnsScheme:
    """The signature of SNS, in the body. What verifies it is a certificate and not a secret."""

    topic: str
    header: str = ""

    def key_url(self, request: InboundRequest) -> str:
        """Return the URL of the certificate that verifies a message of the topic.

        Raises:
            SignatureInvalid: The message is not one of the topic, or names another URL.
        """
        url = self._message(request).get("SigningCertURL", "")
        path = url.removeprefix(self._origin)
        if path == url or not _CERTIFICATE.fullmatch(path):
            raise SignatureInvalid("SigningCertURL is not at the host of SNS in the topic's region")
        return url

    def verify(self, request: InboundRequest, secrets: Sequence[str], clock: Clock) -> int:
        """Return the index of the certificate, in PEM, with which the message verifies.

        Raises:
            SignatureInvalid: There is none, or the message is malformed or too old.
        """
        message = self._message(request)
        signature, algorithm = _signature_of(message)
        check_timestamp(_TIME.in_seconds(message.get("Timestamp", "")), clock, _TOLERANCE)
        signed = _signed_text(message)
        for index, certificate in enumerate(secrets):
            if _verifies(certificate, signature, signed, algorithm, clock()):
                return index
        raise SignatureInvalid("the signature was not made with the certificate that it names")

    def sign(
        self,
        request: InboundRequest,  # noqa: ARG002  see below
        secret: str,  # noqa: ARG002
        clock: Clock,  # noqa: ARG002
    ) -> InboundRequest:
        """Refuse to sign, as SNS alone has the private key.

        Raises:
            Conflict: Always.
        """
        raise Conflict("only Amazon SNS signs its messages: publish one to the topic")

    def confirmation_url(self, request: InboundRequest) -> str:
        """Return the URL that confirms a subscription; empty if the message asks for none.

        Raises:
            SignatureInvalid: The URL does not confirm a subscription to the topic.
        """
        message = self._message(request)
        if message["Type"] != _CONFIRMATION:
            return ""
        url = message.get("SubscribeURL", "")
        if not url.startswith(f"{self._origin}/?") or not _PRINTABLE.fullmatch(url):
            raise SignatureInvalid("SubscribeURL is not at the host of SNS in the topic's region")
        query = parse_qs(urlsplit(url).query)
        if query.get("Action") != ["ConfirmSubscription"] or query.get("TopicArn") != [self.topic]:
            raise SignatureInvalid("SubscribeURL confirms no subscription to the topic")
        return url

    @property
    def _origin(self) -> str:
        _, partition, _, region, *_ = self.topic.split(":")
        return f"https://sns.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"

    def _message(self, request: InboundRequest) -> Mapping[str, str]:
        """Return the members of the message that are texts."""
        try:
            document = decode_json(request)
        except PayloadInvalid as invalid:
            raise SignatureInvalid("the body is no message of SNS") from invalid
        members = document if isinstance(document, dict) else {}
        message = {name: value for name, value in members.items() if isinstance(value, str)}
        if message.get("Type") not in _SIGNED or message.get("TopicArn") != self.topic:
            raise SignatureInvalid("the body is no message of the topic in the settings")
        return message


class SnsVerification(Model):
    """The signature of Amazon SNS, for the messages of one topic, see `SnsScheme`."""

    type: Literal["sns"]
    topic: Annotated[str, Field(pattern=rf"^{_TOPIC}$")]

    @property
    def scheme(self) -> SnsScheme:
        """The scheme."""
        return SnsScheme(topic=self.topic)


def _signature_of(message: Mapping[str, str]) -> tuple[bytes, Literal["SHA1", "SHA256"]]:
    version = message.get("SignatureVersion")
    if version not in {"1", "2"}:
        raise SignatureInvalid("SignatureVersion is neither 1 nor 2")
    try:
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
    except ValueError as invalid:
        raise SignatureInvalid("Signature is no base64") from invalid
    return signature, "SHA1" if version == "1" else "SHA256"


def _signed_text(message: Mapping[str, str]) -> bytes:
    """Return what is signed: each name and each value in a line of its own.

    A line break is in no value but the message, so that no other message has the same text.
    """
    lines: list[str] = []
    for name in _SIGNED[message["Type"]]:
        value = message.get(name)
        if value is None and name == "Subject":
            continue
        if value is None or ("\n" in value and name != "Message"):
            raise SignatureInvalid(f"{name} is missing or malformed")
        lines += (name, value)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def _verifies(
    pem: str, signature: bytes, signed: bytes, algorithm: Literal["SHA1", "SHA256"], now: datetime
) -> bool:
    from cryptography import x509  # noqa: PLC0415  see above
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415

    digest = hashes.SHA1() if algorithm == "SHA1" else hashes.SHA256()  # noqa: S303  version 1
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode("utf-8", "surrogatepass"))
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey) or key.key_size not in _KEY_BITS:
            return False
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return False
        key.verify(signature, signed, PKCS1v15(), digest)
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
