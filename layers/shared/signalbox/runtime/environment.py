"""The environment of this process."""

import os
from collections.abc import Mapping


def process_environment() -> Mapping[str, str]:
    """Return the environment of this process, which Lambda changes with each invocation."""
    return os.environ
