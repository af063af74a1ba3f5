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

EXPORT: Final = "signalbox.runtime.otlp"
DESCRIPTIONS: Final = "signalbox.http.span_attributes"
"""What is needed where telemetry is exported only."""

NOTHING: Final[frozenset[str]] = frozenset()

FUNCTIONS: Final = [
    ("webhooks.github", NOTHING, 366, 65, 1),
    ("webhooks.sentry", NOTHING, 363, 53, 1),
    ("webhooks.generic", NOTHING, 375, 52, 1),
    ("api", frozenset({"aws_lambda_powertools", "botocore"}), 570, 95, 2),
    ("gateway", frozenset({"h11", "urllib3"}), 446, 75, 1),
    ("dispatcher", NOTHING, 342, 62, 1),
    ("deferred", NOTHING, 340, 42, 1),
    ("dead_letters", NOTHING, 332, 52, 1),
    ("maintenance", NOTHING, 406, 104, 1),
    ("connectors.slack", SENDS, 527, 75, 1),
]
"""Each kind of function, the slow packages that it may load, how many modules and models at most.

To define a model takes as long as to load six small modules. The last number is that of the models
that are built when the function starts: the settings, and one of Powertools. All others are built
when they are first used.
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with deployed() as stack:
        yield os.environ | stack.environment("ApiFunction")


PRINT: Final = """
import sys
from pydantic import BaseModel

def below(model):
    for each in model.__subclasses__():
        yield each
        yield from below(each)

models = set(below(BaseModel))
print(*sys.modules, "built models:")
print(*(each.__name__ for each in models if each.__pydantic_complete__), "models:", len(models))
"""


def loaded(
    function: str, environment: dict[str, str]
) -> tuple[frozenset[str], frozenset[str], int]:
    """Return what a process has that has imported the function.

    It is the modules, the built models, and the number of all models.
    """
    code = f"import functions.{function}.app{PRINT}"
    run = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    modules, _, rest = run.stdout.partition("built models:")
    built, _, models = rest.partition("models:")
    return frozenset(modules.split()), frozenset(built.split()), int(models)


@pytest.mark.parametrize(
    ("function", "allowed", "limit", "most", "values"),
    FUNCTIONS,
    ids=[name for name, *_ in FUNCTIONS],
)
def test_a_function_loads_nothing_that_its_usual_way_does_not_need(
    environment: dict[str, str],
    function: str,
    allowed: frozenset[str],
    limit: int,
    most: int,
    values: int,
) -> None:
    modules, built, models = loaded(function, environment)

    assert modules & SLOW <= allowed
    assert not {name for name in modules if name.startswith(EXPORT) or name == DESCRIPTIONS}
    assert len(modules) <= limit
    assert models <= most
    assert len(built) <= values, built
