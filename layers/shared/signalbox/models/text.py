"""Foreign text in one line of a list, a log or a message."""

import re
from typing import Final

MAX_TITLE: Final = 200
"""How many characters a title may have."""

_UNSEEN = re.compile(
    "[\x00-\x20\x7f-\xa0\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
)
_WEB_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,1990}", re.IGNORECASE)


def one_line(text: str, limit: int = MAX_TITLE) -> str:
    """Return the text in one line of at most `limit` characters.

    Control characters, line breaks, bidirectional overrides and lone surrogates become single
    spaces.
    """
    line = text[: 4 * limit]
    if not (line.isascii() and line.isprintable()) or "  " in line:
        line = _UNSEEN.sub(" ", line)
    line = line.strip()
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def web_url(text: str | None) -> str | None:
    """Return the text if it is a plain http or https URL, else None."""
    return text if text and _WEB_URL.fullmatch(text) else None
