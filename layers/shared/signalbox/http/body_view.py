"""The stored body of a delivery, as operators see it."""

import re
from base64 import b64encode
from enum import StrEnum
from typing import Final

from signalbox.models.base import Model
from signalbox.models.redaction import redacted

_MAX_BYTES: Final = 1_000_000
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Encoding(StrEnum):
    """The encoding of a body in JSON."""

    TEXT = "text"
    BASE64 = "base64"


class BodyView(Model):
    """The body, as text if it is one, else in base64.

    `masked` marks that something in the text looked like a secret and is shown as `[masked]`;
    `truncated` that only a part is shown.
    """

    encoding: Encoding
    content: str
    masked: bool = False
    truncated: bool = False


def body_view(body: bytes) -> BodyView:
    """Return the body, at most a megabyte of it."""
    part, truncated = body[:_MAX_BYTES], len(body) > _MAX_BYTES
    text = _text(part, truncated=truncated)
    if text is None:
        content = b64encode(part).decode()
        return BodyView(encoding=Encoding.BASE64, content=content, truncated=truncated)
    content = redacted(text)
    return BodyView(
        encoding=Encoding.TEXT, content=content, masked=content != text, truncated=truncated
    )


def _text(part: bytes, *, truncated: bool) -> str | None:
    """Return the bytes as text, or None. A truncated character at the end is dropped."""
    try:
        text = part.decode("utf-8")
    except UnicodeDecodeError as odd:
        if not truncated or odd.start < len(part) - 3:
            return None
        text = part[: odd.start].decode("utf-8")
    return None if _CONTROLS.search(text) else text
