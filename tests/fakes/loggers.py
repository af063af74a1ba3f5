"""Loggers of a test, which write what those of functions write."""

import logging
from itertools import count
from typing import TextIO

from signalbox.runtime.json_logs import JsonFormatter

_numbers = count(1)


def a_logger(stream: TextIO) -> logging.Logger:
    """Return a logger of its own that writes to the stream."""
    made = logging.getLogger(f"test-{next(_numbers)}")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter("tests", {}))
    made.addHandler(handler)
    made.setLevel(logging.INFO)
    return made
