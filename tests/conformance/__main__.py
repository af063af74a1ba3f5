"""`make conformance`: send every row of the table through the gateway and print the results."""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.conformance.asgi_form import AsgiForm
from tests.conformance.check import Conformance
from tests.conformance.lambda_form import LambdaForm
from tests.conformance.table import TABLE
from tests.fakes.raw_server import RawServer

_NO_SUCH_REQUEST = "-"


def main() -> int:
    """Print the table; return how many rows are not kept, 1 at most."""
    table = Table(title="Conformance of the gateway", title_justify="left", show_lines=False)
    for name in ("", "source", "what", "Lambda", "server"):
        table.add_column(name)
    failures = dict.fromkeys(("Lambda", "server"), 0)
    with RawServer().running() as server, AsgiForm(server.url).running() as form:
        on_lambda, on_server = (
            Conformance(server, LambdaForm(server.url)),
            Conformance(server, form),
        )
        for number, row in enumerate(TABLE, 1):
            first = on_lambda.differences(row)
            second = on_server.differences(row.for_asgi) if row.for_asgi else ()
            failures["Lambda"] += bool(first)
            failures["server"] += bool(second)
            results = [
                Text("; ".join(first) or "yes"),
                Text("; ".join(second) or ("yes" if row.for_asgi else _NO_SUCH_REQUEST)),
            ]
            table.add_row(str(number), row.source, Text(row.rule), *results)
    console = Console(width=170)
    console.print(table)
    for form_name, count in failures.items():
        console.print(f"{form_name}: {len(TABLE) - count} of {len(TABLE)} rows are kept")
    return min(sum(failures.values()), 1)


if __name__ == "__main__":
    sys.exit(main())
