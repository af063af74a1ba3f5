"""What each kind of function loads when it starts: its time goes to modules more than to code."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.aws import deployed

SLOW: Final = frozenset(
    {
        "aws_lambda_powertools",
        "boto3",
        "botocore",
        "certifi",
        "charset_normalizer",
        "cryptography",
        "h11",
        "idna",
        "jinja2",
        "joserfc",
        "jsonschema",
        "re2",
        "requests",
        "s3transfer",
        "smtplib",
        "urllib3",
        "yaml",
    }
)
"""Packages that take tens of milliseconds, or that another way needs."""

SENDS: Final = frozenset({"charset_normalizer", "certifi", "idna", "requests", "urllib3"})
"""What a function needs that calls other services, whatever it does."""

NOTHING: Final[frozenset[str]] = frozenset()

FUNCTIONS: Final = [
    ("webhooks.github", NOTHING, 387),
    ("webhooks.sentry", NOTHING, 387),
    ("webhooks.generic", NOTHING, 387),
    ("api", frozenset({"aws_lambda_powertools", "botocore"}), 705),
    ("gateway", frozenset({"h11", "urllib3"}), 450),
    ("dispatcher", NOTHING, 355),
    ("deferred", NOTHING, 360),
    ("dead_letters", NOTHING, 355),
    ("maintenance", NOTHING, 390),
    ("connectors.slack", SENDS, 545),
]
"""Each kind of function, the slow packages that it may load, and how many modules at most."""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with deployed() as stack:
        yield os.environ | stack.environment("ApiFunction")


def loaded(function: str, environment: dict[str, str]) -> frozenset[str]:
    """The modules that a process has loaded after it imported the function."""
    code = f"import functions.{function}.app, sys; print('\\n'.join(sys.modules))"
    run = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return frozenset(run.stdout.split())


@pytest.mark.parametrize(
    ("function", "allowed", "limit"), FUNCTIONS, ids=[name for name, *_ in FUNCTIONS]
)
def test_a_function_loads_nothing_that_its_usual_way_does_not_need(
    environment: dict[str, str], function: str, allowed: frozenset[str], limit: int
) -> None:
    modules = loaded(function, environment)

    assert modules & SLOW <= allowed
    assert len(modules) <= limit
