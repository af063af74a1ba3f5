"""Frames: CloudEvents 1.0 in JSON, none of them longer than API Gateway sends.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import json
from datetime import datetime
from typing import Final

from signalbox.models.base import JsonObject, sortable_time
from signalbox.models.ids import random_frame_id
from signalbox.models.realtime import MAX_FRAME_BYTES, EventPosition, RealtimeEvent, event_id

CONTROL_PREFIX: Final = "signalbox.realtime."
"""What the types of frames begin with that answer one client."""


def event_frame(
    source: str, topic: str, channel: str, position: EventPosition, event: RealtimeEvent
) -> str:
    """Return the frame of an event.

    If it is too long its data is left out; `dataref` is the path of the API that has it
    (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/dataref.md).
    """
    frame = _frame(
        source, event_id(channel, position), event.type, event.time, {"subject": event.subject}
    )
    frame["topic"] = topic
    if event.dataref:
        frame["dataref"] = event.dataref
    text = _text({**frame, "data": event.data})
    return text if len(text.encode()) <= MAX_FRAME_BYTES else _text(frame)


def control_frame(source: str, kind: str, now: datetime, data: JsonObject) -> str:
    """Return a frame that answers one client."""
    frame = _frame(source, random_frame_id(), f"{CONTROL_PREFIX}{kind}", now, {})
    return _text({**frame, "data": data})


def _frame(source: str, id_: str, type_: str, time: datetime, more: JsonObject) -> JsonObject:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": type_,
        "time": sortable_time(time),
        "datacontenttype": "application/json",
        **more,
    }


def _text(frame: JsonObject) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
