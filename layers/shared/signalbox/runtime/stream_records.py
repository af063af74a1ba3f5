"""Records of the tables' streams as Lambda passes them on."""

from pydantic import JsonValue

from signalbox.models.base import PartialModel


class StreamRecord(PartialModel):
    """A record as received. Each is parsed by itself, so that a malformed one affects no other."""

    eventID: str = ""  # noqa: N815  as the stream writes it
    dynamodb: JsonValue = None
