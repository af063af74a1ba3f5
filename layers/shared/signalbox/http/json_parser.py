"""Strict parsing of untrusted JSON.

Everything that parsers could interpret differently is refused.
"""

import json
import re
from typing import Final, NoReturn

from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid

_MAX_DEPTH: Final = 32
_MAX_MEMBERS: Final = 10_000
_MAX_INTEGER: Final = 2**63
_MAX_EXACT_FLOAT: Final = 2**53
# a text that never ends is one as well: else it would be read anew from each of its quotes
_BRACKETS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)
_INVALID_CHARACTERS: Final = re.compile("[\x00\ud800-\udfff]")
_MISLEADING: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters other than tabs and line breaks, and bidirectional overrides."""


def parse_json(text: str, *, printed: bool = False) -> JsonValue:
    """Return the value of a JSON text.

    In a text that programs have `printed`, control characters and bidirectional overrides are
    allowed.

    Raises:
        PayloadInvalid: It is not JSON, is nested more than 32 deep, has more than 10,000
            members or a repeated one, or contains NaN, Infinity, an integer over 64 bits, NUL,
            a lone surrogate, a control character or a bidirectional override.
    """
    _check_depth(text)
    try:
        return _Reader(_INVALID_CHARACTERS if printed else _MISLEADING).read(text)
    except (ValueError, RecursionError):
        raise PayloadInvalid("the body is not JSON") from None


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= _MAX_DEPTH:
        return
    depth = 0
    for found in _BRACKETS.finditer(text):
        sign = found[0]
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        if depth > _MAX_DEPTH:
            raise PayloadInvalid(f"the body is nested more than {_MAX_DEPTH} deep")


class _Reader:
    """A parser that counts the members of a whole document."""

    def __init__(self, forbidden: re.Pattern[str]) -> None:
        self._members = 0
        self._forbidden = forbidden

    def read(self, text: str) -> JsonValue:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=self._object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_number,
        )
        self._check(value)
        return value

    def _object(self, pairs: list[tuple[str, JsonValue]]) -> JsonValue:
        self._members += len(pairs)
        if self._members > _MAX_MEMBERS:
            raise PayloadInvalid(f"the body has more than {_MAX_MEMBERS} members")
        members = dict(pairs)
        if len(members) != len(pairs):
            raise PayloadInvalid("the body names a member twice")
        for name, value in pairs:
            self._check(name)
            self._check(value)
        return members

    def _check(self, value: JsonValue) -> None:
        """Check texts, and lists of them. Objects inside were checked when they were created."""
        if isinstance(value, str) and self._forbidden.search(value):
            raise PayloadInvalid("the body holds a character that no text may hold")
        if isinstance(value, list):
            for item in value:
                self._check(item)


def _integer(digits: str) -> int:
    number = int(digits)
    if not -_MAX_INTEGER <= number < _MAX_INTEGER:
        raise PayloadInvalid("the body holds an integer of more than 64 bits")
    return number


def _number(digits: str) -> float:
    """Return the number; 1.0 is the integer 1, as in JSON Schema."""
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise PayloadInvalid("the body holds a number that is too large")
    return int(number) if number.is_integer() and abs(number) < _MAX_EXACT_FLOAT else number


def _refuse_constant(_: str) -> NoReturn:
    raise PayloadInvalid("the body holds NaN or Infinity, which are not JSON")
