"""What a source answers, and what it makes of events."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Final, Self

from pydantic import Field, JsonValue, model_validator
from pydantic_core import to_json

from signalbox.models.base import Model
from signalbox.models.event import Answer

_MAX_BYTES: Final = 4_096
_MEDIA_TYPE: Final = re.compile(
    r"(?:application|text)/[a-z0-9][a-z0-9.+-]{0,63}(?:; ?charset=utf-8)?", re.IGNORECASE
)
_RUN_BY_BROWSERS: Final = re.compile(r"html|javascript|ecmascript", re.IGNORECASE)
_WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT})


SourceExpression = Annotated[str, Field(min_length=1, max_length=400)]
"""A JMESPath expression over `{"event": …, "payload": …, "headers": …}`."""


class TaskTransform(Model):
    """Expressions for fields of the tasks of events. A field stays if its expression yields null.

    So it does for false, which `condition && value` yields if the condition is not met. Without a
    `group` its policy does nothing.
    """

    kind: SourceExpression | None = None
    title: SourceExpression | None = None
    description: SourceExpression | None = None
    instruction: SourceExpression | None = None
    arguments: SourceExpression | None = None
    labels: SourceExpression | None = None
    priority: SourceExpression | None = None
    repository: SourceExpression | None = None
    branch: SourceExpression | None = None
    url: SourceExpression | None = None
    not_before: SourceExpression | None = None
    group: SourceExpression | None = None
    group_policy: SourceExpression | None = None
    cancel_running: SourceExpression | None = None

    def expressions(self) -> Iterator[tuple[str, str]]:
        """Yield each field that has an expression, and the expression."""
        for name in TaskTransform.model_fields:
            expression = getattr(self, name)
            if expression:
                yield name, expression


class SourceAnswer(Model):
    """The answer to a verified webhook, unless its provider expects one of its own.

    A `body` that is no text is sent as JSON; without one the usual body is sent. `content_type`
    is by default that of JSON or plain text.
    """

    status: Annotated[int, Field(ge=200, le=299)] = 200
    body: JsonValue = None
    content_type: Annotated[str, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _is_sendable(self) -> Self:
        kind = self.content_type
        if kind is not None and not _MEDIA_TYPE.fullmatch(kind):
            raise ValueError("content_type expects text/… or application/…, such as text/plain")
        if kind is not None and _RUN_BY_BROWSERS.search(kind):
            raise ValueError("content_type expects nothing that a browser runs")
        if kind is not None and self.body is None:
            raise ValueError("content_type is for a body, and there is none")
        if self.status in _WITHOUT_BODY and self.body is not None:
            raise ValueError(f"status {self.status} has no body")
        if len(self._text().encode(errors="replace")) > _MAX_BYTES:
            raise ValueError(f"body expects at most {_MAX_BYTES:,} bytes")
        return self

    def response(self) -> Answer:
        """Return the answer as the provider gets it."""
        if self.status in _WITHOUT_BODY:
            return Answer(status=self.status, body="")
        if self.body is None:
            return Answer(status=self.status)
        usual = "text/plain; charset=utf-8" if isinstance(self.body, str) else "application/json"
        return Answer(status=self.status, body=self._text(), media_type=self.content_type or usual)

    def _text(self) -> str:
        return self.body if isinstance(self.body, str) else to_json(self.body).decode()
