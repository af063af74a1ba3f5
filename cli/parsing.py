"""What is asked for on the command line, in the words of the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, JsonValue, ValidationError

from cli.errors import CommandError

M = TypeVar("M", bound=BaseModel)

SinceOption = Annotated[datetime | None, typer.Option(help="Created then or later, in UTC.")]
UntilOption = Annotated[datetime | None, typer.Option(help="Created before, in UTC.")]
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")
]


def query_parameters(**words: str | datetime | None) -> dict[str, str]:
    """Return what was said at all; a moment is one in UTC."""
    return {name: _written(word) for name, word in words.items() if word is not None}


def build_request(model: type[M], members: Mapping[str, JsonValue | list[str]]) -> M:
    """Return A body of these members.

    Raises:
        CommandError: If the API would not take it.
    """
    from signalbox.models.manifest import validation_errors

    try:
        return model.model_validate(members)
    except ValidationError as invalid:
        problem = "; ".join(f"{flaw.path}: {flaw.reason}" for flaw in validation_errors(invalid))
        raise CommandError(problem) from None


def _written(word: str | datetime) -> str:
    return f"{word.isoformat()}Z" if isinstance(word, datetime) else word
