"""What every test may rely on."""

import gc
import signal
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final
from unittest.mock import patch

import pytest
from botocore.loaders import JSONFileLoader, create_loader
from hypothesis import settings

from signalbox.runtime.telemetry import logger

_TOGETHER: Final = {"commands", "conformance", "e2e", "faults", "integration", "soak"}

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")

pytest.register_assert_rewrite("tests.contract")


@pytest.fixture(scope="session", autouse=True)
def _service_models_are_parsed_once() -> Iterator[None]:
    """Every session of boto3 finds and parses the models again, which is half of a test."""
    parse = cache(JSONFileLoader().load_file)
    with (
        patch.object(JSONFileLoader, "load_file", lambda _loader, path: parse(path)),
        patch("botocore.session.create_loader", cache(create_loader)),
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _logs_reach_caplog() -> None:
    """Functions pass no record on to the handlers of Lambda, which those of pytest are beside."""
    logger().propagate = True


@pytest.fixture(scope="session", autouse=True)
def _signals_are_not_ignored() -> None:
    """Undo what a shell's background job and `nohup` ignore: commands would go on for ever."""
    for number, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Refuse sets as parameters: each worker of pytest-xdist would collect another order."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        unordered = isinstance(mark.args[1], set | frozenset)
        assert not unordered, f"{metafunc.definition.name}: sort its parameters"


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of tests that are not traced for coverage."""
    config.addinivalue_line("markers", "untraced: measure no coverage of this test")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage among the 15,000 tests, which stay, and later less often.

    A system of functions in moto makes so many objects that Python would look through all for each.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trace the first parameters of each test, and no test of several parts or many examples.

    Tracing doubles the time of a test, and others cover the same lines.
    """
    traced = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        together = _TOGETHER & set(item.path.parts)
        generated = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if together or generated or test in traced:
            item.add_marker(pytest.mark.untraced)
        traced.add(test)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Trace neither the test nor its fixtures where it is marked so."""
    if item.get_closest_marker("untraced"):
        with _untraced():
            return (yield)
    return (yield)


@contextmanager
def _untraced() -> Iterator[None]:
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        threading.settrace(of_threads)
