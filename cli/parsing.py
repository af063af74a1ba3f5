"""Command-line options, and requests built from them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeVar

import typer
from pydantic import BaseModel, JsonValue, ValidationError

from cli.errors import CommandError

M = TypeVar("M", bound=BaseModel)

_AGO: Final = re.compile(r"([0-9]{1,5})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_time(text: str) -> datetime:
    """Return the time in UTC, without a zone: `2026-03-01T12:00:00`, or `2h` for two hours ago.

    Raises:
        BadParameter: The text does not have this form.
    """
    if ago := _AGO.fullmatch(text):
        number, unit = ago.groups()
        return datetime.now(UTC).replace(tzinfo=None) - timedelta(**{_UNITS[unit]: int(number)})
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time such as 2026-03-01, 2026-03-01T12:00:00, 30m, 2h or 7d"
        ) from None
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def parse_duration(text: str) -> timedelta:
    """Return the length of a time such as `30m`, `2h` or `7d`.

    Raises:
        BadParameter: The text does not have this form.
    """
    duration = _AGO.fullmatch(text)
    if duration is None:
        raise typer.BadParameter(f"{text!r} is no length of time such as 30m, 2h or 7d")
    number, unit = duration.groups()
    return timedelta(**{_UNITS[unit]: int(number)})


def parse_start(text: str) -> datetime:
    """Return a time in UTC, without a zone: `2026-03-01T12:00:00Z`.

    Raises:
        BadParameter: The text does not have this form.
    """
    if _AGO.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no time such as 2026-03-01T12:00:00Z; try --in")
    return parse_time(text)


SinceOption = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_time,
        metavar="TIME",
        help="Created at or after this time, in UTC, or since so long ago: 30m, 2h, 7d.",
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_time,
        metavar="TIME",
        help="Created before this time, in UTC, or until so long ago.",
    ),
]
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done without doing it.")
]

TrustOption = Annotated[
    list[str] | None,
    typer.Option(help="A network of proxies whose X-Forwarded-For is believed."),
]


def trusted_networks(texts: list[str] | None) -> tuple[str, ...]:
    """Return the networks of `--trust` in their usual form.

    Raises:
        BadParameter: One is no network.
    """
    from signalbox.models.networks import network_text

    try:
        return tuple(map(network_text, texts or ()))
    except ValueError as invalid:
        raise typer.BadParameter(str(invalid), param_hint="--trust") from None


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
    try:
        return model.model_validate(members)
    except ValidationError as invalid:
        raise CommandError(_problem(invalid)) from None


def build_json_request(model: type[M], text: str) -> M:
    """Return a request body that is written in JSON.

    Raises:
        CommandError: The API would refuse it.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as invalid:
        raise CommandError(_problem(invalid)) from None


def _problem(invalid: ValidationError) -> str:
    from signalbox.models.manifest import validation_errors

    return "; ".join(
        f"{flaw.path}: {flaw.reason}".removeprefix(": ") for flaw in validation_errors(invalid)
    )


def _text(word: str | datetime) -> str:
    return f"{word.isoformat()}Z" if isinstance(word, datetime) else word
