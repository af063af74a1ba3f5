"""How much of the fault suite runs: all of it by `make faults`, a part of it in every test run."""

import os
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

LONG: Final = os.environ.get("SIGNALBOX_FAULTS") == "1"
"""Whether `make faults` runs."""


def some(cases: Sequence[T], short: int = 1) -> Sequence[T]:
    """Return all cases, or the first few in a short run."""
    return cases if LONG else cases[:short]
