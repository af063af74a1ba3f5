"""What a measurement writes for `make figures`: a JSON object with numbers by their names."""

import json
from collections.abc import Mapping
from pathlib import Path

Numbers = Mapping[str, float]


def write_numbers(path: Path | None, numbers: Mapping[str, float | Numbers]) -> None:
    """Write the numbers into a file, if one was named."""
    if path:
        path.write_text(json.dumps(numbers, indent=1))
