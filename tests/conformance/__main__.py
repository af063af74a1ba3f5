"""`make conformance`: send every row of the table through the gateway and print the results."""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.conformance.check import Conformance
from tests.conformance.table import TABLE
from tests.fakes.raw_server import RawServer


def main() -> int:
    """Print the table; return how many rows are not kept, 1 at most."""
    table = Table(title="Conformance of the gateway", title_justify="left", show_lines=False)
    for name in ("", "source", "what", "result"):
        table.add_column(name)
    failures = 0
    with RawServer().running() as server:
        conformance = Conformance(server)
        for number, row in enumerate(TABLE, 1):
            differences = conformance.differences(row)
            failures += bool(differences)
            result = Text("; ".join(differences) or "yes")
            table.add_row(str(number), row.source, Text(row.rule), result)
    console = Console(width=170)
    console.print(table)
    console.print(f"{len(TABLE) - failures} of {len(TABLE)} rows are kept")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
