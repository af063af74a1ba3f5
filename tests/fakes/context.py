"""What Lambda tells a function about its invocation."""

from itertools import count

from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.fakes.clock import FakeClock

_numbers = count(1)


class FakeContext(LambdaContext):
    """A LambdaContext whose time runs out on a test's clock."""

    def __init__(self, clock: FakeClock, *, function: str = "function", timeout: int = 60) -> None:
        self._function_name = function
        self._function_version = "$LATEST"
        self._invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
        self._memory_limit_in_mb = 512
        self._aws_request_id = f"invocation-{next(_numbers)}"
        self._log_group_name = "logs"
        self._log_stream_name = "stream"
        self._clock = clock
        self._ends = clock().timestamp() + timeout

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # no method there
        return int((self._ends - self._clock().timestamp()) * 1_000)
