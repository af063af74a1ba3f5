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
# a text that never ends is one as well: else it would be read anew from each of its quotes
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_NO_CHARACTER: Final = re.compile("[\x00\ud800-\udfff]")
_MISLEADING: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls besides tabs and line ends, and what makes text read in another order than it is."""


def parse_json(text: str, *, printed: bool = False) -> JsonValue:
    """Return the value that a JSON text stands for.

    Raises:
        PayloadInvalid: If it is no JSON, is nested over 32 deep, has over 10,000 members, names
            a member twice, or holds NaN.
        Infinity: An integer over 64 bits.
        NUL: Half a character, or a control or bidi override; those two may stand in what
            programs have `printed`.
    """
    _check_depth(text)
    try:
        return _Reader(_NO_CHARACTER if printed else _MISLEADING).read(text)
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

    def __init__(self, forbidden: re.Pattern[str]) -> None:
        self._members = 0
        self._forbidden = forbidden

    def read(self, text: str) -> JsonValue:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=self._object,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_number,
        )
        self._check(value)
        return value

    def _object(self, pairs: list[tuple[str, JsonValue]]) -> JsonValue:
        self._members += len(pairs)
        if self._members > _MEMBERS:
            raise PayloadInvalid(f"the body has more than {_MEMBERS} members")
        members = dict(pairs)
        if len(members) != len(pairs):
            raise PayloadInvalid("the body names a member twice")
        for name, value in pairs:
            self._check(name)
            self._check(value)
        return members

    def _check(self, value: JsonValue) -> None:
        """Look at texts and list of them; objects inside were looked at when they were made."""
        if isinstance(value, str) and self._forbidden.search(value):
            raise PayloadInvalid("the body holds a character that no text may hold")
        if isinstance(value, list):
            for item in value:
                self._check(item)


def _integer(digits: str) -> int:
    number = int(digits)
    if not -_INTEGER <= number < _INTEGER:
        raise PayloadInvalid("the body holds an integer of more than 64 bits")
    return number


def _number(digits: str) -> float:
    """Return the number; 1.0 is the integer 1, as JSON Schema has it."""
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise PayloadInvalid("the body holds a number that is too large")
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _no_constant(_: str) -> NoReturn:
    raise PayloadInvalid("the body holds NaN or Infinity, which are not JSON")
