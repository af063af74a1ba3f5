"""How instances of a service are recognised by TLS, and how they recognise the gateway."""

from typing import Annotated

from pydantic import StringConstraints

from signalbox.models.base import Model

ServerName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
        r"(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$",
        max_length=253,
    ),
]
"""A host name, or an IPv4 address."""


class ServiceTls(Model):
    """TLS of a service. Without any of it servers are verified by the public authorities.

    With `ca` the secret `services/<service>/ca` has the authorities that are trusted, and no
    others are. With `client_certificate` the gateway shows `services/<service>/certificate`.
    Certificates have to name `server_name`, or the host of the URL.
    """

    ca: bool = False
    client_certificate: bool = False
    server_name: ServerName | None = None


class UpstreamTls(Model):
    """TLS of a call: names of the secrets that it takes, and the name of the server."""

    ca: str | None = None
    certificate: str | None = None
    server_name: str | None = None


PUBLIC_TLS = UpstreamTls.model_construct()
