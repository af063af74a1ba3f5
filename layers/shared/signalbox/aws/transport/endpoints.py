"""The addresses of services.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from signalbox.aws.errors import AwsUnreachable
from signalbox.models.frozen import frozen

_PORTS: Final = {"http": 80, "https": 443}


@frozen
class AwsEndpoint:
    """Where requests to a service go; `authority` is the header Host."""

    tls: bool
    host: str
    port: int
    authority: str
    path: str = "/"


def region_of(environment: Mapping[str, str]) -> str:
    """Return the region of this process.

    Raises:
        AwsUnreachable: The environment names none.
    """
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        raise AwsUnreachable("the environment names no region")
    return region


def endpoint_of(prefix: str, name: str, environment: Mapping[str, str]) -> AwsEndpoint:
    """Return the endpoint of a service.

    Args:
        prefix: The first part of its host, such as `dynamodb`.
        name: Its name in variables, such as `DYNAMODB` in AWS_ENDPOINT_URL_DYNAMODB.
        environment: Where variables and region are.

    Raises:
        AwsUnreachable: The environment names no region, or an URL that is none.
    """
    ignored = environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
    for variable in () if ignored else (f"AWS_ENDPOINT_URL_{name}", "AWS_ENDPOINT_URL"):
        if url := environment.get(variable):
            return parse_endpoint(url, variable)
    region = region_of(environment)
    fips = "-fips" if environment.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true" else ""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"{prefix}{fips}.{region}.{domain}"
    return AwsEndpoint(tls=True, host=host, port=443, authority=host)


def parse_endpoint(url: str, variable: str) -> AwsEndpoint:
    """Return the endpoint at a URL.

    Raises:
        AwsUnreachable: It is none; the message has the name of the `variable`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AwsUnreachable(f"{variable} is no URL") from None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or parts.query:
        raise AwsUnreachable(f"{variable} is no URL of an endpoint")
    return AwsEndpoint(
        tls=parts.scheme == "https",
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        authority=parts.netloc if port not in {None, _PORTS[parts.scheme]} else parts.hostname,
        path=parts.path or "/",
    )
