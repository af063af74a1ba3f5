"""Targets in AWS: SES, SNS and EventBridge.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from typing_extensions import override

from signalbox.egress.aws_targets import AwsTargets, BusEvent, RawEmail, TopicMessage
from signalbox.egress.responses import send_error
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef

_THROTTLED: Final = frozenset(
    {
        "KMSThrottling",
        "KMSThrottlingException",
        "LimitExceededException",
        "RequestThrottled",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_TEMPORARY: Final = frozenset(
    {"InternalError", "InternalErrorException", "InternalException", "InternalFailure"}
)
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,80}", re.ASCII)


class SnsClient(Protocol):
    """The client of SNS, as far as it is used."""

    def publish(self, **arguments: object) -> object:
        """Publish a message."""


@frozen
class BotoTargets(AwsTargets):
    """Calls AWS by boto3. Each field returns the client for an endpoint, or for the region."""

    ses: Callable[[str | None], SESV2Client]
    sns: Callable[[str | None], SnsClient]
    events: Callable[[str | None], EventBridgeClient]

    @override
    def send_email(
        self, email: RawEmail, *, configuration_set: str | None, endpoint: str | None
    ) -> None:
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": email.sender,
            "Destination": {"ToAddresses": list(email.recipients)},
            "Content": {"Raw": {"Data": email.message}},
        }
        if configuration_set:
            request["ConfigurationSetName"] = configuration_set
        with _judged("SES"):
            self.ses(endpoint).send_email(**request)

    @override
    def publish(self, message: TopicMessage, *, endpoint: str | None) -> None:
        attributes = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in message.attributes.items()
        }
        fifo = {
            "MessageGroupId": message.group,
            "MessageDeduplicationId": message.deduplication,
        }
        with _judged("SNS"):
            self.sns(endpoint).publish(
                TopicArn=message.topic,
                Subject=message.subject,
                Message=message.message,
                MessageAttributes=attributes,
                **{name: value for name, value in fifo.items() if value},
            )

    @override
    def put_event(self, event: BusEvent, *, endpoint: str | None) -> None:
        with _judged("EventBridge"):
            answer = self.events(endpoint).put_events(
                Entries=[
                    {
                        "EventBusName": event.bus,
                        "Source": event.source,
                        "DetailType": event.detail_type,
                        "Detail": event.detail,
                        "Time": event.time,
                        "Resources": [event.resource],
                    }
                ]
            )
        if answer["FailedEntryCount"]:
            code = answer["Entries"][0].get("ErrorCode", "")
            raise _error("EventBridge", code, HTTPStatus.BAD_REQUEST)


@contextmanager
def _judged(service: str) -> Iterator[None]:
    """Raise the errors of AWS as those of a target; messages of AWS may have foreign text."""
    from botocore.exceptions import (  # noqa: PLC0415  few functions call these services
        BotoCoreError,
        ClientError,
        ParamValidationError,
    )

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise _error(service, code, status) from None
    except ParamValidationError:
        raise SendRefused(f"{service} takes no such parameters") from None
    except BotoCoreError as error:
        raise SendDelayed(f"{service} did not answer: {type(error).__name__}") from None


def _error(service: str, code: str, status: int) -> SendRefused | SendDelayed:
    """Return the error for a code of AWS; the role of a function is no secret to replace."""
    reason = f"{service} answered {code if _CODE.fullmatch(code) else status}"
    if code in _THROTTLED:
        return send_error(HTTPStatus.TOO_MANY_REQUESTS, reason, None)
    if code in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SendDelayed(reason)
    return SendRefused(reason)
