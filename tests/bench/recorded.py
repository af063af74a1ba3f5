"""The figures that a change may not make worse by more than a tenth, all of which are counted.

`make record` writes them anew, after a change that has a reason to cost more, or that saves.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zlib import compress

from tests.bench.__main__ import environment
from tests.bench.figures import LIST_TASKS
from tests.bench.life import BATCH, COMPLETE_AND_CLAIM, RecordedLife, recorded_lives
from tests.bench.measure import function_calls
from tests.bench.rows import Listing
from tests.bench.scenarios import Stage
from tests.bench.stub import Cloud
from tests.integration.layer_copy import copied_layer

RECORD: Final = Path(__file__).with_name("recorded.json")
TOLERANCE: Final = 1.1

FUNCTIONS: Final = f"functions called in Python {sys.version_info.major}.{sys.version_info.minor}"
"""The group of figures that depend on the interpreter: it compiles some calls away."""

_ROOT: Final = Path(__file__).parents[2]

Figures = dict[str, dict[str, float]]


def counted() -> Figures:
    """Return the figures of the code as it is, by group and name."""
    with Cloud(query=Listing(tasks=LIST_TASKS)).instead_of_aws() as cloud:
        functions, calls = Counter[str](), Counter[str]()
        for operation in Stage(cloud=cloud).operations():
            functions[operation.name] = function_calls(operation)
            operation.prepare()
            cloud.invalidate()
            operation.run()
            calls[operation.name] = sum(cloud.calls.values())
    with Cloud().instead_of_aws() as cloud:
        units = defaultdict[str, float](float)
        for step in RecordedLife(cloud).steps():
            units[step.name] += step.write_units
    return {
        FUNCTIONS: {**functions},
        "calls of AWS": {**calls},
        "write units": {**units},
        **_ten_at_a_time(),
        "layer, with sources": _layer_bytes(),
    }


def _ten_at_a_time() -> Figures:
    """Return what each step of a webhook takes, of ten that are handled at a time."""
    figures: Figures = {"calls": {}, "read units": {}, "requests of SQS": {}, "bytes of logs": {}}
    steps = {f"{n} {step.name}": step for n, step in enumerate(recorded_lives(BATCH, runs=4), 1)}
    busy = {step.name: step for step in recorded_lives(BATCH, runs=4, busy=True)}
    for name, step in {**steps, COMPLETE_AND_CLAIM: busy[COMPLETE_AND_CLAIM]}.items():
        figures["calls"][name] = round(sum(step.calls.values()), 2)
        figures["read units"][name] = round(step.reads, 2)
        figures["requests of SQS"][name] = round(step.queue_calls, 2)
        # the digits of the milliseconds that were logged are not counted
        figures["bytes of logs"][name] = round(step.log_bytes, -1)
    return {f"{group}, ten at a time": found for group, found in figures.items()}


def worse(found: Figures, recorded: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return each figure that is more than a tenth over the recorded one, in a sentence."""
    return [
        f"{group}, {name}: {value:g}, recorded {recorded[group].get(name, 0):g}"
        for group, figures in found.items()
        if group in recorded
        for name, value in figures.items()
        if value > TOLERANCE * recorded[group].get(name, 0)
    ]


def in_new_process() -> Figures:
    """Return the figures by a process of its own: what tests patch is not counted there."""
    import subprocess  # noqa: PLC0415  only tests do this

    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.recorded", "--print"],
        cwd=_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    figures: Figures = json.loads(run.stdout)
    return figures


def _layer_bytes() -> dict[str, float]:
    """Return the size of the layer for this system, with sources instead of bytecode."""
    with TemporaryDirectory() as directory:
        files = copied_layer(Path(directory)).rglob("*")
        contents = [path.read_bytes() for path in files if path.is_file() and path.suffix != ".pyc"]
    return {
        "KB": sum(map(len, contents)) // 1_000,
        "KB compressed": sum(len(compress(each)) for each in contents) // 1_000,
    }


def main() -> None:
    """Write the record, or print the figures."""
    with environment(), redirect_stdout(StringIO()):
        found = counted()
    if "--print" in sys.argv:
        sys.stdout.write(json.dumps(found))
        return
    before: Figures = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    RECORD.write_text(json.dumps({**before, **found}, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
