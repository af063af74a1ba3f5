"""Foreign text made fit for a message: without secrets, escaped, and no longer than it may be."""

from collections.abc import Callable

from signalbox.models.redaction import redacted
from signalbox.models.text import one_line, web_url

Escape = Callable[[str], str]
"""Escapes a text one character at a time."""


def utf16_length(text: str) -> int:
    """Return the length as UTF-16 counts it, which nobody's own count exceeds."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escaped_to_fit(text: str, limit: int, escape: Escape = str) -> str:
    """Return the text escaped, of at most so many units; if it is cut, no escape is cut in half."""
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
    """Foreign text for one line."""
    return escaped_to_fit(one_line(redacted(text or ""), limit), limit, escape)


def escaped_lines(text: str | None, limit: int, escape: Escape = str) -> str:
    """Foreign text that may have lines, of which empty ones at its ends are dropped."""
    lines = [one_line(line, limit) for line in redacted(text or "").splitlines()]
    return escaped_to_fit("\n".join(lines).strip(), limit, escape)


def escaped_url(url: str | None, limit: int, escape: Escape = str) -> str:
    """Return the URL escaped, empty if it is none or too long to be shown."""
    shown = escape(redacted(web_url(url) or ""))
    return shown if utf16_length(shown) <= limit else ""
