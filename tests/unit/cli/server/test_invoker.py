"""Functions are called in a bounded number of threads, and their failures are responses."""

import asyncio
import threading
from collections.abc import Callable

from cli.server.functions import InvocationContext, ServerFunction
from cli.server.invoker import FunctionCaller
from cli.server.stopping import Stopping

OK = {"statusCode": 200, "headers": {}, "body": "fine"}


def function(handle: Callable[[], object], timeout: int = 30) -> ServerFunction:
    def create() -> Callable[[dict[str, object], InvocationContext], object]:
        return lambda _event, _context: handle()

    return ServerFunction(name="f", timeout=timeout, create=create, stopping=Stopping(30))


def test_a_function_that_fails_is_answered_with_500() -> None:
    def fail() -> object:
        raise RuntimeError("it failed")

    async def ask() -> tuple[int, int]:
        call = FunctionCaller({"fails": function(fail), "odd": function(lambda: None)}, 1)
        return (await call("fails", {})).status, (await call("odd", {})).status

    assert asyncio.run(ask()) == (500, 500)


def test_a_request_for_which_no_thread_becomes_free_is_answered_with_503() -> None:
    begun, end = threading.Event(), threading.Event()

    def slow() -> object:
        begun.set()
        assert end.wait(10)
        return OK

    async def ask() -> tuple[int, int, int]:
        call = FunctionCaller({"slow": function(slow), "f": function(lambda: OK)}, 1, patience=0)
        first = asyncio.create_task(call("slow", {}))
        await asyncio.to_thread(begun.wait, 10)
        refused = await call("f", {})
        end.set()
        ended = await first
        await asyncio.sleep(0)
        return refused.status, ended.status, (await call("f", {})).status

    assert asyncio.run(ask()) == (503, 200, 200)


def test_a_function_that_does_not_end_is_answered_with_503() -> None:
    end = threading.Event()

    async def ask() -> int:
        call = FunctionCaller({"f": function(lambda: end.wait(10), timeout=-1)}, 1)
        status = (await call("f", {})).status
        end.set()
        return status

    assert asyncio.run(ask()) == 503


def test_two_threads_have_an_instance_of_the_function_each() -> None:
    both = threading.Barrier(2, timeout=10)
    created: list[int] = []

    def create() -> Callable[[dict[str, object], InvocationContext], object]:
        created.append(1)
        return lambda _event, _context: both.wait() if len(created) < 3 else None

    made = ServerFunction(name="f", timeout=30, create=create, stopping=Stopping(30))
    threads = [threading.Thread(target=made, args=({},)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    created.append(1)  # instances no longer wait for one another
    made({})

    assert len(created) == 3


def test_a_function_has_the_time_of_its_timeout_and_less_when_the_server_stops() -> None:
    stopping = Stopping(5)
    context = InvocationContext("f", 60, stopping)

    before = context.get_remaining_time_in_millis()
    stopping.begin()

    assert 5_000 < before <= 60_000
    assert context.get_remaining_time_in_millis() <= 5_000
