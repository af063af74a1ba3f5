"""Client certificates: PEM with a private key and the chain of certificates, the client's first."""

import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from signalbox.egress.tls import public_tls
from signalbox.models.errors import Conflict

_KEYS: Final = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")
_ENCRYPTED: Final = re.compile(
    r"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", re.MULTILINE
)
_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
_MISMATCH: Final = "KEY_VALUES_MISMATCH"


def client_tls(pem: str) -> ssl.SSLContext:
    """Return a context that verifies servers and shows them this certificate.

    Raises:
        ssl.SSLError: Key and certificate cannot be used.
    """
    context = public_tls()
    load_certificate(context, pem)
    return context


def load_certificate(context: ssl.SSLContext, pem: str) -> None:
    """Have a context show this certificate.

    Raises:
        ssl.SSLError: Key and certificate cannot be used.
    """
    with _readable_file(pem.encode()) as path:
        # without a password OpenSSL would ask the terminal for that of an encrypted key
        context.load_cert_chain(path, password=lambda: "")


def authorities_tls(pem: str) -> ssl.SSLContext:
    """Return a new context that verifies servers by these authorities alone.

    Authorities of a team often lack extensions that RFC 5280 demands and that Python 3.13 began
    to insist on; chain, dates and names are verified all the same.

    Raises:
        ssl.SSLError: They cannot be read.
    """
    if not pem.isascii():
        raise ssl.SSLError("a PEM file is ASCII")
    context = ssl.create_default_context(cadata=pem)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def check_authorities(pem: str) -> None:
    """Check that these are certificates of authorities, in PEM.

    Raises:
        Conflict: They are not; the reason has nothing of them.
    """
    if _KEYS.search(pem) or _ENCRYPTED.search(pem):
        raise Conflict("the secret has a private key, which is not needed to trust an authority")
    try:
        stored = authorities_tls(pem).cert_store_stats()
    except ssl.SSLError:
        raise Conflict("the secret is not a PEM file with certificates") from None
    if stored["x509_ca"] < stored["x509"]:
        raise Conflict("one of the certificates is not that of an authority")


def check_certificate(pem: str, now: datetime) -> datetime:
    """Return when a certificate expires, after checking that it can be used.

    Raises:
        Conflict: It cannot; the reason has nothing of it.
    """
    if _ENCRYPTED.search(pem):
        raise Conflict("the private key is encrypted; store it without a password")
    if _CERTIFICATE not in pem or len(_KEYS.findall(pem)) != 1:
        raise Conflict("the secret is not a PEM file with certificates and one private key")
    try:
        client_tls(pem)
    except ssl.SSLError as error:
        if error.reason == _MISMATCH:
            raise Conflict("the private key is not that of the first certificate") from None
        raise Conflict("the certificate or its private key cannot be read") from None
    begin, end = _validity(pem)
    if end <= now:
        raise Conflict(f"the certificate has expired at {end:%Y-%m-%d %H:%M} UTC")
    if now < begin:
        raise Conflict(f"the certificate is not valid before {begin:%Y-%m-%d %H:%M} UTC")
    return end


def _validity(pem: str) -> tuple[datetime, datetime]:
    from cryptography import x509  # noqa: PLC0415  functions that only show a certificate lack it

    try:
        certificate = x509.load_pem_x509_certificate(pem[pem.index(_CERTIFICATE) :].encode())
    except ValueError:
        raise Conflict("the certificate or its private key cannot be read") from None
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


@contextmanager
def _readable_file(content: bytes) -> Iterator[str]:
    """Yield the path of a file that is in memory, or else removed as soon as it was read."""
    descriptor, path = _opened()
    try:
        os.write(descriptor, content)
        yield path
    finally:
        os.close(descriptor)
        if not path.startswith("/proc/"):
            with suppress(FileNotFoundError):
                Path(path).unlink()


def _opened() -> tuple[int, str]:
    try:
        descriptor = os.memfd_create("client-certificate")
    except (AttributeError, OSError):  # not on Linux, or not there
        return tempfile.mkstemp()
    return descriptor, f"/proc/self/fd/{descriptor}"
