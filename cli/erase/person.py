"""Find a person in stored documents, and redact what is theirs. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import unquote_plus

from pydantic import JsonValue

from cli.errors import CommandError

ERASED: Final = "erased"
"""What stands in place of a person and of their texts."""

_MIN_LENGTH: Final = 2
_MAX_LENGTH: Final = 254
_AUTHOR: Final = "author"
_TEXTS: Final = ("title", "description", "instruction", "text")
_LISTS: Final = ("arguments", "labels")
_KEYS: Final = frozenset({"id", "subject", "task_ids", "version", "status", "type", "at"})
"""Members that are no text of a person; an identifier in them is a coincidence."""


@dataclass(frozen=True)
class ErasedPerson:
    """A person by a login or an email address, which occurs as a whole word in any case."""

    identifier: str

    def __post_init__(self) -> None:
        """Refuse what names nobody."""
        text = self.identifier
        if not _MIN_LENGTH <= len(text) <= _MAX_LENGTH or not text.isprintable() or " " in text:
            raise CommandError("a person is named by a login or an email address, without blanks")

    @property
    def digest(self) -> str:
        """Return a hash by which a record names the erasure without the person."""
        return hashlib.sha256(self.identifier.lower().encode()).hexdigest()[:16]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # a letter, a digit or one of the characters of logins continues a word
        return re.compile(
            rf"(?<![\w-])(?<![\w-]\.){re.escape(self.identifier)}(?![\w-])(?!\.[\w-])",
            re.IGNORECASE,
        )

    def is_in(self, text: str) -> bool:
        """Return whether a text has the person."""
        return self._pattern.search(text) is not None

    def is_in_body(self, body: bytes) -> bool:
        """Return whether the body of a webhook has the person, as text or as a form."""
        text = body.decode("utf-8", "replace")
        return self.is_in(text) or ("%" in text and self.is_in(unquote_plus(text)))

    def redacted(self, value: JsonValue) -> JsonValue:
        """Return a document without the person, and without the texts of what they wrote."""
        match value:
            case str():
                return self._pattern.sub(ERASED, value)
            case list():
                return [self.redacted(each) for each in value]
            case dict():
                found = self._without_texts(value)
                return {
                    name: each if name in _KEYS and isinstance(each, str) else self.redacted(each)
                    for name, each in found.items()
                }
        return value

    def _without_texts(self, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        author = value.get(_AUTHOR)
        if not isinstance(author, str) or not self._pattern.fullmatch(author):
            return value
        texts = {name: ERASED for name in _TEXTS if value.get(name)}
        return value | texts | {name: [] for name in _LISTS if value.get(name)}
