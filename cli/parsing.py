"""Command-line options, and requests built from them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, JsonValue, ValidationError

from cli.errors import CommandError

M = TypeVar("M", bound=BaseModel)

SinceOption = Annotated[
    datetime | None, typer.Option(help="Created at or after this time, in UTC.")
]
UntilOption = Annotated[datetime | None, typer.Option(help="Created before this time, in UTC.")]
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done without doing it.")
]


def query_parameters(**words: str | datetime | None) -> dict[str, str]:
    """Return the options that were given; times are in UTC."""
    return {name: _text(word) for name, word in words.items() if word is not None}


def split_source(named: str) -> tuple[str, str]:
    """Return the provider and the name of a source in `PROVIDER[/SOURCE]`.

    Raises:
        BadParameter: The text does not have this form.
    """
    provider, slash, name = named.partition("/")
    if not provider or "/" in name or (slash and not name):
        raise typer.BadParameter(f"{named!r} is not PROVIDER or PROVIDER/SOURCE")
    return provider, name or "default"


def build_request(model: type[M], members: Mapping[str, JsonValue | list[str]]) -> M:
    """Return a request body with these fields.

    Raises:
        CommandError: The API would refuse it.
    """
    from signalbox.models.manifest import validation_errors

    try:
        return model.model_validate(members)
    except ValidationError as invalid:
        problem = "; ".join(f"{flaw.path}: {flaw.reason}" for flaw in validation_errors(invalid))
        raise CommandError(problem) from None


def _text(word: str | datetime) -> str:
    return f"{word.isoformat()}Z" if isinstance(word, datetime) else word
