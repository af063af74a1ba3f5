"""Read bodies that may still be on their way."""

from signalbox.models.errors import PayloadTooLarge
from signalbox.services.ports.gateway import Body


async def read_body(body: Body, limit: int) -> bytes:
    """Return all bytes of a body.

    Raises:
        PayloadTooLarge: It has more than `limit` bytes.
    """
    if isinstance(body, bytes):
        data = body
    else:
        read = bytearray()
        async for piece in body:
            read += piece
            if len(read) > limit:
                await body.close()
                break
        data = bytes(read)
    if len(data) > limit:
        raise PayloadTooLarge(f"the body is over {limit} bytes")
    return data


def body_length(body: Body) -> int | None:
    """Return how many bytes a body has, None if that is not known before its end."""
    return len(body) if isinstance(body, bytes) else body.length
