"""The TLS contexts of outgoing connections."""

import ssl
from functools import cache
from pathlib import Path
from typing import Final

_AMAZON: Final = (
    *(f"Amazon Root CA {number}" for number in range(1, 5)),
    "Starfield Services Root Certificate Authority - G2",
)
"""The authorities of AWS: https://www.amazontrust.com/repository/"""

_END: Final = "-----END CERTIFICATE-----"


def public_tls() -> ssl.SSLContext:
    """Return a new context that verifies servers by the public authorities; it takes 30 ms."""
    import certifi  # noqa: PLC0415  most starts need no connection

    return ssl.create_default_context(cafile=certifi.where())


@cache
def shared_public_tls() -> ssl.SSLContext:
    """Return the context of all connections without a certificate of ours; nobody changes it."""
    return public_tls()


@cache
def amazon_tls() -> ssl.SSLContext:
    """Return a context that verifies servers by the authorities of AWS alone; it takes 1 ms.

    Whoever uses it falls back to the public authorities: a server may have one of those.
    """
    import certifi  # noqa: PLC0415  as above

    public = Path(certifi.where()).read_text("utf-8")
    listed = (public.partition(f'# Label: "{name}"\n')[2].partition(_END) for name in _AMAZON)
    found = "\n".join(pem + end for pem, end, _ in listed if end)
    return ssl.create_default_context(cadata=found) if found else shared_public_tls()


@cache
def tls_with(authorities: str) -> ssl.SSLContext:
    """Return the context that verifies servers by the authorities in a file."""
    return ssl.create_default_context(cafile=authorities)
