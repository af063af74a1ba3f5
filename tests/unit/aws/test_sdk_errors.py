"""Clients of boto3 raise the errors of this package."""

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from signalbox.aws.errors import AwsRefused, AwsUnreachable, error_code
from signalbox.aws.sdk_errors import with_own_errors

if TYPE_CHECKING:
    from botocore.exceptions import _ClientErrorResponseTypeDef


class Client:
    region = "us-east-1"

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def put_item(self, **request: str) -> dict[str, str]:
        if self._error:
            raise self._error
        return request


def test_a_call_passes_with_its_request_and_its_response() -> None:
    client = with_own_errors(Client())

    assert client.put_item(TableName="tasks") == {"TableName": "tasks"}
    assert client.region == "us-east-1"


def test_a_refusal_has_its_code_and_the_whole_response() -> None:
    response: _ClientErrorResponseTypeDef = {"Error": {"Code": "Refused", "Message": "no"}}
    client = with_own_errors(Client(ClientError(response, "PutItem")))

    with pytest.raises(AwsRefused, match=r"Refused.*PutItem.*no") as refused:
        client.put_item()

    assert (refused.value.code, refused.value.response) == ("Refused", response)
    assert error_code(refused.value) == "Refused"


def test_a_failure_of_the_network_has_no_code() -> None:
    client = with_own_errors(Client(ConnectTimeoutError(endpoint_url="https://aws.test")))

    with pytest.raises(AwsUnreachable, match=r"aws\.test") as failed:
        client.put_item()

    assert error_code(failed.value) == ""


def test_another_error_passes_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        with_own_errors(Client(ZeroDivisionError())).put_item()
