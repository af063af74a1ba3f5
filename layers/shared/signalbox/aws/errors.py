"""Errors of calls to AWS, the same for every client: no store imports those of an SDK."""

from collections.abc import Mapping
from typing import Any, Final

CONDITION_FAILED: Final = "ConditionalCheckFailedException"
"""The code of DynamoDB for a write whose condition does not hold."""


class AwsError(Exception):
    """A call did not succeed."""


class AwsUnreachable(AwsError):
    """The service gave no response that can be used; the call may have taken effect."""


class AwsRefused(AwsError):
    """The service responded with an error.

    `response` is the response as boto3's ClientError has it: `Error` with `Code` and `Message`, and
    fields such as the `Item` that a condition met.
    """

    def __init__(self, response: Mapping[str, Any], operation: str) -> None:
        error = response.get("Error", {})
        self.code: str = error.get("Code", "Unknown")
        self.response = response
        self.operation = operation
        message = error.get("Message", "")
        super().__init__(f"An error occurred ({self.code}) when calling {operation}: {message}")


def error_code(error: BaseException | None) -> str:
    """Return the code of a refusal, empty for any other error."""
    return error.code if isinstance(error, AwsRefused) else ""
