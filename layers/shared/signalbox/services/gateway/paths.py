"""Check the path and the query of a request before anything is matched against them.

A path that a service could read in another way than the gateway is refused. Everything else is
passed on as it came: escapes, parameters after `;` and their order are kept.
"""

import re
from typing import Final
from urllib.parse import quote, unquote

from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import PathInvalid, UriTooLong

MAX_PATH: Final = 8_192
MAX_QUERY: Final = 8_192
_SAFE: Final = "/%!$&'()*+,;=:@-._~"
_OF_QUERIES: Final = _SAFE + '?\\"<>[]^`{|}'
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_QUERY_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ROUNDS: Final = 3


@frozen
class RequestPath:
    """A checked path: its segments as they came, and decoded without `;` parameters to match."""

    segments: tuple[str, ...]
    plain: tuple[str, ...]

    @property
    def raw(self) -> str:
        """Return the path as it is passed on."""
        return join_segments(self.segments)


def parse_path(text: str) -> RequestPath:
    """Return the path.

    Characters that no path has are escaped: API Gateway decodes every escape but `%25`.

    Raises:
        PathInvalid: It has dot segments, empty segments, control characters, backslashes or
            escapes that are not UTF-8, plain or escaped up to three times.
        UriTooLong: It is too long.
    """
    if len(text) > MAX_PATH:
        raise UriTooLong(f"the path has more than {MAX_PATH} characters")
    if not text.startswith("/"):
        raise PathInvalid("the path is no path")
    if _CONTROL.search(text) or _BAD_ESCAPE.search(text):
        raise PathInvalid("the path has a character that no path has")
    segments = tuple(quote(text[1:], safe=_SAFE, errors="surrogatepass").split("/"))
    plain = tuple(map(_plain, segments))
    if "" in plain[:-1]:  # also one of parameters alone, without which some services read it
        raise PathInvalid("the path has an empty segment")
    return RequestPath(segments=segments, plain=plain)


def parse_query(text: str) -> str:
    """Return the query as it is passed on: as it came, except for characters that no URL has.

    Raises:
        PathInvalid: It has control characters.
        UriTooLong: It is too long.
    """
    if len(text) > MAX_QUERY:
        raise UriTooLong(f"the query has more than {MAX_QUERY} characters")
    if _QUERY_CONTROL.search(text):
        raise PathInvalid("the query has a character that no query has")
    return quote(text, safe=_OF_QUERIES, errors="surrogatepass")


def join_segments(segments: tuple[str, ...]) -> str:
    """Return a path of these segments."""
    return "/" + "/".join(segments)


def _plain(segment: str) -> str:
    """Return a segment as it is matched.

    Raises:
        PathInvalid: One of its forms is not accepted.
    """
    form = _decoded(segment)
    plain = form.partition(";")[0]
    for _ in range(_ROUNDS - 1):
        if not _ESCAPE.search(form):
            return plain
        form = _decoded(form)
    if _ESCAPE.search(form):
        raise PathInvalid("the path is escaped too often")
    return plain


def _decoded(form: str) -> str:
    try:
        decoded = unquote(form, errors="strict")
    except UnicodeDecodeError:
        raise PathInvalid("the path has escapes that are not UTF-8") from None
    if _CONTROL.search(decoded):
        raise PathInvalid("the path has an escaped character that no path has")
    if any(part.partition(";")[0] in {".", ".."} for part in decoded.split("/")):
        raise PathInvalid("the path has a dot segment")
    return decoded
