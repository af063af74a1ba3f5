"""Settings that the sources of several providers share: how the provider's API is called."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

_URL: Final = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[\w.~-]+)*", re.ASCII
)


def _api_url(url: str) -> str:
    """Return the URL without a slash at its end.

    Raises:
        ValueError: It is not the base of an API.
    """
    base = url.removesuffix("/")
    if not _URL.fullmatch(base):
        raise ValueError("expects the base of an API, such as https://api.example.com/v1")
    return base


ApiUrl = Annotated[str, Field(max_length=200), AfterValidator(_api_url)]
"""The base URL of an API. Only a trusted origin may have a private address or plain HTTP."""

MaxAgeHours = Annotated[int, Field(ge=1, le=72)]
"""The age up to which a delivery is requested again."""
