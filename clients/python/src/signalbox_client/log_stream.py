"""The event stream of a log, which ends after some seconds and is resumed.

See https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from signalbox_client.decoding import decode
from signalbox_client.errors import UnexpectedResponse
from signalbox_client.models import LogLine

STREAM_SECONDS: Final = 25.0
"""After how long the API ends a stream."""


@dataclass(slots=True)
class LogStream:
    """The position in a stream: the last event, whether it has ended, the pause in seconds."""

    last_id: str = "0"
    ended: bool = False
    pause: float = 1.0

    def read(self, text: str) -> Iterator[LogLine]:
        """Yield the lines of a response; an empty one ends the stream.

        Raises:
            UnexpectedResponse: An event does not have the form of a line.
        """
        self.ended = not text
        for block in text.split("\n\n"):
            fields = dict(row.partition(": ")[::2] for row in block.split("\n"))
            self.last_id = fields.get("id", self.last_id)
            retry = fields.get("retry", "")
            self.pause = int(retry) / 1000 if retry.isdecimal() else self.pause
            event = fields.get("event", "message")
            self.ended = self.ended or event == "end"
            if event == "message" and fields.get("data"):
                yield _line(fields["data"])


def _line(data: str) -> LogLine:
    try:
        return decode(LogLine, json.loads(data))
    except ValueError:
        raise UnexpectedResponse("an event is not JSON") from None
