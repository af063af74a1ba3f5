"""Decode the output of a command into lines of text, as a terminal shows them."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field

from cli.output import strip_controls
from signalbox.models.log import LINE_LENGTH


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


@dataclass(slots=True)
class LineDecoder:
    """Split a stream of UTF-8 into lines of at most LINE_LENGTH characters.

    Bytes that are not UTF-8 become U+FFFD; a character is never split. A carriage return moves to
    the start of the line, so only the text after the last one remains. At most one line is held in
    memory.
    """

    _decoder: codecs.IncrementalDecoder = field(default_factory=_decoder, init=False)
    _pending: str = field(default="", init=False)

    @property
    def unfinished(self) -> str:
        """Return the line that has not ended yet."""
        return _visible(self._pending)

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the lines that end in this data."""
        yield from self._split(self._decoder.decode(data))

    def close(self) -> Iterator[str]:
        """Yield the rest at the end of the stream."""
        yield from self._split(self._decoder.decode(b"", final=True))
        if self._pending:
            yield from _pieces(self._pending)
            self._pending = ""

    def _split(self, text: str) -> Iterator[str]:
        *lines, rest = (self._pending + text).split("\n")
        for line in lines:
            yield from _pieces(line)
        rest = _last_part(rest)
        while len(rest) > LINE_LENGTH + 1:  # one more for a carriage return that may follow
            yield strip_controls(rest[:LINE_LENGTH])
            rest = rest[LINE_LENGTH:]
        self._pending = rest


def _last_part(line: str) -> str:
    """Return the text after the last carriage return that is followed by text."""
    kept = line.rstrip("\r")
    start = kept.rfind("\r") + 1
    return line[start : len(kept) + 1]


def _pieces(line: str) -> Iterator[str]:
    shown = _visible(line)
    for start in range(0, max(len(shown), 1), LINE_LENGTH):
        yield shown[start : start + LINE_LENGTH]


def _visible(line: str) -> str:
    return strip_controls(_last_part(line)).rstrip()
