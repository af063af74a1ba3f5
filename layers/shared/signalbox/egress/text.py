"""Foreign text for a message: without secrets, escaped, and within the limits of the target."""

from collections.abc import Callable

from signalbox.models.redaction import redacted
from signalbox.models.text import one_line, web_url

Escape = Callable[[str], str]
"""Escape a text. It is called for one character at a time."""


def utf16_length(text: str) -> int:
    """Return the length in UTF-16 code units, the largest of the ways in which targets count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escaped_to_fit(text: str, limit: int, escape: Escape = str) -> str:
    """Return the escaped text in at most `limit` units, without cutting an escape in half."""
    whole = escape(text)
    if utf16_length(whole) <= limit:
        return whole
    kept: list[str] = []
    room = limit - 1
    for piece in map(escape, text):
        room -= utf16_length(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + "…"


def escaped_line(text: str | None, limit: int, escape: Escape = str) -> str:
    """Return foreign text for one line."""
    return escaped_to_fit(one_line(redacted(text or ""), limit), limit, escape)


def escaped_lines(text: str | None, limit: int, escape: Escape = str) -> str:
    """Return foreign text that may have several lines, without empty ones at the ends."""
    lines = [one_line(line, limit) for line in redacted(text or "").splitlines()]
    return escaped_to_fit("\n".join(lines).strip(), limit, escape)


def escaped_url(url: str | None, limit: int, escape: Escape = str) -> str:
    """Return the escaped URL, empty if it is not a web URL or too long."""
    shown = escape(redacted(web_url(url) or ""))
    return shown if utf16_length(shown) <= limit else ""
