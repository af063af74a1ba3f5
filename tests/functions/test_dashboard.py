"""The function of the dashboard, with the files that are deployed."""

import os
import re
import subprocess
import sys
from typing import Final

from functions.dashboard.app import handler
from tests.functions.system import event

HEAVY: Final = {"asyncio", "boto3", "botocore", "logging", "pydantic", "urllib.request"}
"""What would be most of a start, and nothing here needs."""


def test_the_page_and_all_that_it_names_are_deployed() -> None:
    page = handler(event("GET", "/", {}, b""), None)

    names = re.findall(r'(?:src|href)="\.?/?assets/([^"]+)"', page["body"])
    assets = [
        handler(
            event("GET", f"/assets/{name}", {}, b"")
            | {"routeKey": "ANY /assets/{proxy+}", "pathParameters": {"proxy": name}},
            None,
        )
        for name in names
    ]

    assert page["statusCode"] == 200
    assert [asset["statusCode"] for asset in assets] == [200] * len(names)


def test_the_function_starts_with_next_to_nothing() -> None:
    code = "import sys; import functions.dashboard.app; print(*sys.modules)"

    run = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", code], env=os.environ, check=True, capture_output=True, text=True
    )

    assert not set(run.stdout.split()) & HEAVY
