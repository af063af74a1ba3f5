"""Credentials: from the environment, the endpoint of the container, or where the SDK finds them.

With SnapStart the environment has no keys: they come from the endpoint and are replaced before they
expire. https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
Outside of Lambda the SDK knows more: profiles, web identities of Kubernetes, roles of instances.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from signalbox.aws.errors import AwsUnreachable
from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_REFRESH_SECONDS: Final = 600
"""How long before they expire credentials are replaced."""

_CONTAINER_VARIABLES: Final = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_TIMEOUT: Final = 2.0
_MAX_BYTES: Final = 64_000
_OK: Final = 200
_CONTAINER_HOST: Final = "169.254.170.2"
_PLAIN_HOSTS: Final = frozenset(
    {_CONTAINER_HOST, "169.254.170.23", "fd00:ec2::23", "localhost", "127.0.0.1", "::1"}
)
"""Hosts that may be asked without TLS: those of ECS, of EKS, and of this machine."""


@frozen
class AwsCredentials:
    """Keys and session token; `expires_at` is in seconds since 1970, None if it is unknown."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires_at: float | None = None


class CredentialSource(Protocol):
    """Where credentials come from."""

    def __call__(self) -> AwsCredentials:
        """Return valid credentials.

        Raises:
            AwsUnreachable: There are none.
        """

    def invalidate(self, refused: AwsCredentials) -> bool:
        """Return whether there may be others than those that AWS refused."""


def credential_source(environment: Mapping[str, str]) -> CredentialSource:
    """Return where this process has its credentials from, the environment first."""
    if "AWS_ACCESS_KEY_ID" in environment:
        return EnvironmentCredentials(environment)
    if any(name in environment for name in _CONTAINER_VARIABLES):
        return ContainerCredentials(environment)
    return SdkCredentials()


class EnvironmentCredentials:
    """Credentials in the environment, which Lambda sets once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._credentials = AwsCredentials(
            access_key=environment["AWS_ACCESS_KEY_ID"],
            secret_key=environment.get("AWS_SECRET_ACCESS_KEY", ""),
            token=environment.get("AWS_SESSION_TOKEN", ""),
        )

    def __call__(self) -> AwsCredentials:
        """Return them."""
        return self._credentials

    def invalidate(self, refused: AwsCredentials) -> bool:
        """Return False: there are no others."""
        del refused
        return False


class SdkCredentials:
    """Credentials that botocore finds, and replaces before they expire."""

    def __init__(self, find: "Callable[[], Credentials | None] | None" = None) -> None:
        self._find = find or _find_credentials
        self._lock = Lock()
        self._found: Credentials | None = None

    def __call__(self) -> AwsCredentials:
        """Return them.

        Raises:
            AwsUnreachable: There are none, or they have expired and were not replaced.
        """
        with self._lock:
            self._found = found = self._found or self._find()
        if found is None:
            raise AwsUnreachable("no credentials: neither keys, a profile, nor a role")
        try:
            keys = found.get_frozen_credentials()
        except Exception as error:  # noqa: BLE001  botocore has no class for them all
            raise AwsUnreachable(f"no credentials: {type(error).__name__}") from None
        return AwsCredentials(
            access_key=keys.access_key or "",
            secret_key=keys.secret_key or "",
            token=keys.token or "",
        )

    def invalidate(self, refused: AwsCredentials) -> bool:
        """Forget these, and return True: a profile may have others by now."""
        del refused
        with self._lock:
            self._found = None
        return True


def _find_credentials() -> "Credentials | None":
    from botocore.session import Session  # noqa: PLC0415  no function needs it

    return Session().get_credentials()


class ContainerCredentials:
    """Credentials of the endpoint of a container; threads share one request for them."""

    def __init__(
        self,
        environment: Mapping[str, str],
        fetch: "FetchCredentials | None" = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._environment = environment
        self._fetch = fetch or fetch_credentials
        self._now = now
        self._lock = Lock()
        self._held: AwsCredentials | None = None

    def __call__(self) -> AwsCredentials:
        """Return them, from the endpoint if they expire within ten minutes.

        Raises:
            AwsUnreachable: The endpoint gave none, and those before have expired.
        """
        held = self._held
        if held and not self._expires_within(held, _REFRESH_SECONDS):
            return held
        with self._lock:
            if self._held is not held and self._held:
                return self._held
            try:
                self._held = self._fetch(self._environment)
            except AwsUnreachable:
                if held is None or self._expires_within(held, 0):
                    raise
                return held
            return self._held

    def invalidate(self, refused: AwsCredentials) -> bool:
        """Forget these, and return True: the endpoint has others."""
        with self._lock:
            if self._held is refused:
                self._held = None
        return True

    def _expires_within(self, held: AwsCredentials, seconds: float) -> bool:
        return held.expires_at is not None and held.expires_at - self._now() <= seconds


FetchCredentials = Callable[[Mapping[str, str]], AwsCredentials]


def fetch_credentials(environment: Mapping[str, str]) -> AwsCredentials:
    """Return the credentials that the endpoint of the container gives.

    Raises:
        AwsUnreachable: There is no such endpoint, or it gives none.
    """
    url = urlsplit(_container_url(environment))
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=_TIMEOUT)
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    try:
        connection.request("GET", target, headers=_authorization(environment))
        response = connection.getresponse()
        content = response.read(_MAX_BYTES)
    except (OSError, HTTPException) as error:
        raise AwsUnreachable(f"no credentials: {type(error).__name__}") from None
    finally:
        connection.close()
    if response.status != _OK:
        raise AwsUnreachable(f"no credentials: the endpoint answered {response.status}")
    return _parsed_credentials(content)


def _container_url(environment: Mapping[str, str]) -> str:
    """Return the URL of the endpoint; the token goes to this machine or over TLS only."""
    if relative := environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        return f"http://{_CONTAINER_HOST}{relative}"
    full = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    url = urlsplit(full)
    if url.scheme == "https" or (url.scheme == "http" and url.hostname in _PLAIN_HOSTS):
        return full
    raise AwsUnreachable("no credentials: neither keys nor an endpoint that may be asked for them")


def _authorization(environment: Mapping[str, str]) -> dict[str, str]:
    token = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if path := environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        try:
            token = Path(path).read_text(encoding="utf-8").strip()
        except OSError:
            raise AwsUnreachable("no credentials: the file of the token is missing") from None
    if "\r" in token or "\n" in token:
        raise AwsUnreachable("no credentials: the token has more than one line")
    return {"Authorization": token} if token else {}


def _parsed_credentials(content: bytes) -> AwsCredentials:
    try:
        document = json.loads(content)
        expiration = document.get("Expiration")
        return AwsCredentials(
            access_key=document["AccessKeyId"],
            secret_key=document["SecretAccessKey"],
            token=document.get("Token") or "",
            expires_at=datetime.fromisoformat(expiration).timestamp() if expiration else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise AwsUnreachable("no credentials: the endpoint gave none that can be read") from None
