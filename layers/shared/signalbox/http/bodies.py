"""Reads JSON that strangers wrote. What two readers could understand differently is refused."""

import json
import re
from typing import Final, NoReturn

from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid

_DEPTH: Final = 32
_MEMBERS: Final = 10_000
_INTEGER: Final = 2**63
_EXACT: Final = 2**53
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)
_FORBIDDEN: Final = re.compile("[\x00\ud800-\udfff]")


def read_json(text: str) -> JsonValue:
    """The value that a JSON text stands for.

    Raises PayloadInvalid where it is no JSON, is nested over 32 deep, has over 10,000 members,
    names a member twice, or holds NaN, Infinity, an integer over 64 bits, NUL or half a character.
    """
    _check_depth(text)
    try:
        return _Reader().read(text)
    except (ValueError, RecursionError):
        raise PayloadInvalid("the body is not JSON") from None


def _check_depth(text: str) -> None:
    depth = 0
    for found in _BRACKETS.finditer(text):
        sign = found[0]
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        if depth > _DEPTH:
            raise PayloadInvalid(f"the body is nested more than {_DEPTH} deep")


class _Reader:
    """Counts members over a whole document."""

    def __init__(self) -> None:
        self._members = 0

    def read(self, text: str) -> JsonValue:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=self._object,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_number,
        )
        return _checked(value) if isinstance(value, str) else value

    def _object(self, pairs: list[tuple[str, JsonValue]]) -> JsonValue:
        self._members += len(pairs)
        if self._members > _MEMBERS:
            raise PayloadInvalid(f"the body has more than {_MEMBERS} members")
        members = dict(pairs)
        if len(members) != len(pairs):
            raise PayloadInvalid("the body names a member twice")
        for name, value in pairs:
            _checked(name)
            _check_texts(value)
        return members


def _check_texts(value: JsonValue) -> None:
    if isinstance(value, str):
        _checked(value)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _checked(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise PayloadInvalid("the body holds a character that no text may hold")
    return text


def _integer(digits: str) -> int:
    number = int(digits)
    if not -_INTEGER <= number < _INTEGER:
        raise PayloadInvalid("the body holds an integer of more than 64 bits")
    return number


def _number(digits: str) -> float:
    """The number; 1.0 is the integer 1, as JSON Schema has it."""
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise PayloadInvalid("the body holds a number that is too large")
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _no_constant(_: str) -> NoReturn:
    raise PayloadInvalid("the body holds NaN or Infinity, which are not JSON")
