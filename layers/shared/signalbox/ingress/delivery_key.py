"""What tells one delivery from another, so that a redelivery is recognised."""

import hashlib
import re
from typing import Final

from signalbox.models.request import InboundRequest

_ID: Final = re.compile(r"[!-~]{1,128}")


def delivery_key(request: InboundRequest, header: str) -> str:
    """Return the id that the provider sends in a header, or else a hash of the body.

    An id is usable if it has 1 to 128 printable ASCII characters and no blank.
    """
    given = request.header(header)
    if _ID.fullmatch(given):
        return given
    return f"sha256:{hashlib.sha256(request.body).hexdigest()}"
