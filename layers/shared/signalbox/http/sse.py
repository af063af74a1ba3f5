"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from typing import Final

RETRY_MS: Final = 1_000
RETRY: Final = f"retry: {RETRY_MS}\n\n"
KEEP_ALIVE: Final = ": keep-alive\n\n"


def format_event(data: str, *, id_: str, name: str | None = None) -> str:
    """Return one event; `data` is text in one line, such as JSON."""
    named = f"event: {name}\n" if name else ""
    return f"{named}id: {id_}\ndata: {data}\n\n"
