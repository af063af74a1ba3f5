"""The TLS contexts of outgoing connections."""

import ssl
from functools import cache


def public_tls() -> ssl.SSLContext:
    """Return a new context that verifies servers by the public authorities; it takes 30 ms."""
    import certifi  # noqa: PLC0415  most starts need no connection

    return ssl.create_default_context(cafile=certifi.where())


@cache
def shared_public_tls() -> ssl.SSLContext:
    """Return the context of all connections without a certificate of ours; nobody changes it."""
    return public_tls()


@cache
def tls_with(authorities: str) -> ssl.SSLContext:
    """Return the context that verifies servers by the authorities in a file."""
    return ssl.create_default_context(cafile=authorities)
