"""The real functions, each as a process that can die and is started again."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partialmethod
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

from aws_lambda_powertools.utilities.typing import LambdaContext

from signalbox.runtime.wiring import Wiring
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import Crash, Faults
from tests.integration.invoke import Event, Handler

_ROOT: Final = Path(__file__).parents[2]
_numbers = count(1)


class Process:
    """A Lambda function of the template: its `app.py`, loaded anew after each crash."""

    def __init__(
        self,
        name: str,
        stack: Stack,
        clock: FakeClock,
        faults: Faults,
        environment: Mapping[str, str],
    ) -> None:
        code = stack.template.resources[name].properties["CodeUri"]
        self._name = name
        self._path = _ROOT / str(code) / "app.py"
        self._environment = stack.environment(name) | dict(environment)
        self._clock = clock
        self._faults = faults
        self._handler: Handler | None = None
        self.starts = 0

    def __call__(self, event: Event, context: LambdaContext) -> object:
        with patch.dict(os.environ, self._environment), self._faults.watching(self._name):
            try:
                if self._handler is None:
                    self._handler = self._started()
                return self._handler(event, context)
            except Crash:
                self._handler = None
                raise

    def _started(self) -> Handler:
        self.starts += 1
        name = f"functions_in_process_{next(_numbers)}"
        spec = spec_from_file_location(name, self._path)
        assert spec
        assert spec.loader
        module = module_from_spec(spec)
        with _predictable(self._clock):
            spec.loader.exec_module(module)
        handler: Handler = module.handler
        return handler


@contextmanager
def _predictable(clock: FakeClock) -> Iterator[None]:
    """Makes the wiring of a function tell the test's time and draw the same lots every time."""
    with (
        patch.object(
            Wiring, "__init__", partialmethod(Wiring.__init__, clock=clock, sleep=clock.sleep)
        ),
        patch("signalbox.runtime.wiring.SystemRandom", lambda: Random(1)),
        patch("signalbox.runtime.connector.CALLS_AT_ONCE", 1),
    ):
        yield
