"""Amazon SES, as far as it sends emails.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Final

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse

_SENDER: Final = "signalbox@example.com"
_MAX_RECIPIENTS: Final = 50
_HEADERS: Final = ("From", "To", "Subject")


class SesDouble:
    """An account that may send from one address."""

    def __init__(self) -> None:
        self._emails: list[EmailMessage] = []

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection that sends by this double."""
        return {"sender": _SENDER, "to": ["team@example.com"], "api_url": url}

    def secret(self, url: str) -> None:
        """Return None: the request is signed with the role of the function."""

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Send an email."""
        if "Signature=" not in request.headers.get("authorization", ""):
            return _error(403, "MissingAuthenticationTokenException")
        if (request.method, request.path) != ("POST", "/v2/email/outbound-emails"):
            return _error(404, "NotFoundException")
        values = request.json()
        if values.get("FromEmailAddress") != _SENDER:
            return _error(400, "MessageRejected")
        email = _email(values)
        if email is None:
            return _error(400, "BadRequestException")
        self._emails.append(email)
        return DoubleResponse.of_json({"MessageId": f"0100000000000000-{len(self._emails)}"})

    def shown(self) -> Sequence[str]:
        """Return the emails."""
        return [shown_email(email) for email in self._emails]


def shown_email(email: EmailMessage) -> str:
    """Return the headers that a person sees of an email, and its text."""
    return "\n".join((*(f"{name}: {email[name]}" for name in _HEADERS), "", _text(email)))


def _email(values: Mapping[str, JsonValue]) -> EmailMessage | None:
    """Return the email, None if SES would not take it."""
    match values:
        case {
            "Destination": {"ToAddresses": list(recipients)},
            "Content": {"Raw": {"Data": str(data)}},
        } if 0 < len(recipients) <= _MAX_RECIPIENTS:
            try:
                email = message_from_bytes(base64.b64decode(data), EmailMessage, policy=default)
            except binascii.Error:
                return None
            return email if email["Subject"] else None
    return None


def _text(email: EmailMessage) -> str:
    part = email.get_body(("plain",))
    return str(part.get_content()) if part else ""


def _error(status: int, code: str) -> DoubleResponse:
    return DoubleResponse.of_json({"message": code}, status, {"x-amzn-ErrorType": code})


DOUBLE: Final = SesDouble
