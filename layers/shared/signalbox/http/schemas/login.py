"""Issuers at which one can log in."""

from typing import Final

from signalbox.models.base import Model

LOGIN_ISSUERS: Final = "/api/v1/sessions/issuers"
LOGIN: Final = "/api/v1/sessions/login"
LOGIN_CALLBACK: Final = "/api/v1/sessions/callback"


class LoginIssuer(Model):
    """An issuer, and the path of the page that leads to its login."""

    name: str
    path: str


class LoginIssuerList(Model):
    """Every issuer at which one can log in; none is configured by default."""

    items: tuple[LoginIssuer, ...]
