"""What every test may rely on."""

import signal
from collections.abc import Iterator
from functools import cache
from typing import Final
from unittest.mock import patch

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import settings

_TOGETHER: Final = {"commands", "conformance", "e2e", "faults", "integration", "soak"}

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")

for _contract in (
    "tasks",
    "logs",
    "stores",
    "settings",
    "queues",
    "connectors",
    "providers",
    "guards",
):
    pytest.register_assert_rewrite(f"tests.contract.{_contract}")


@pytest.fixture(scope="session", autouse=True)
def _service_models_are_parsed_once() -> Iterator[None]:
    """Every session of boto3 parses the models of its services again, which is half of a test."""
    parse = cache(JSONFileLoader().load_file)
    with patch.object(JSONFileLoader, "load_file", lambda _loader, path: parse(path)):
        yield


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_not_ignored() -> None:
    """A shell's background job ignores SIGINT and hands that on to the commands under test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Refuse sets as parameters: each worker of pytest-xdist would collect another order."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        unordered = isinstance(mark.args[1], set | frozenset)
        assert not unordered, f"{metafunc.definition.name}: sort its parameters"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trace no test of several parts together, nor of many examples: others cover the same lines.

    Tracing doubles the time of a test.
    """
    for item in items:
        test = getattr(item, "obj", None)
        if _TOGETHER & set(item.path.parts) or getattr(test, "is_hypothesis_test", False):
            item.add_marker(pytest.mark.no_cover)
