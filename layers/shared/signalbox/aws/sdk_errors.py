"""Clients of boto3 whose errors are those of this package."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from signalbox.aws.errors import AwsRefused, AwsUnreachable

C = TypeVar("C")
P = ParamSpec("P")
R = TypeVar("R")


class _Client:
    """Calls a client of boto3."""

    def __init__(self, client: object) -> None:
        self._client = client

    def __getattr__(self, name: str) -> object:
        found = getattr(self._client, name)
        return _translating(found) if callable(found) else found


def with_own_errors(client: C) -> C:
    """Return the client, with methods that raise AwsError in place of boto3's errors."""
    return cast("C", _Client(client))


def _translating(call: Callable[P, R]) -> Callable[P, R]:
    def translated(*args: P.args, **request: P.kwargs) -> R:
        try:
            return call(*args, **request)
        except ClientError as refused:
            raise AwsRefused(refused.response, refused.operation_name) from refused
        except BotoCoreError as failed:
            raise AwsUnreachable(str(failed)) from failed

    return translated
