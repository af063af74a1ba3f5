"""What is exported, where to, and in whose name, from the variables of OpenTelemetry.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from ipaddress import ip_address
from math import isfinite
from socket import gethostname
from typing import Final
from urllib.parse import unquote, urlsplit

from signalbox.models.frozen import frozen
from signalbox.models.span import Attribute
from signalbox.runtime.version import VERSION

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FUNCTION: Final = "AWS_LAMBDA_FUNCTION_NAME"
_TIMEOUT_MS: Final = 1_000
_MAX_TIMEOUT_MS: Final = 10_000
_BYTES_OF_MB: Final = 1_048_576


@frozen
class OtlpSettings:
    """Where telemetry goes. `timeout` is how many seconds an invocation waits for it at most.

    `headers` are those of the environment, `share` is how many of the traces that begin here are
    sampled. `in_background` is whether the process is kept, so that nothing waits.
    """

    endpoint: str
    timeout: float
    share: float
    headers: Mapping[str, str] = field(repr=False)
    resource: Mapping[str, Attribute]
    certificate: str
    in_background: bool

    @property
    def may_send_secrets(self) -> bool:
        """Return whether headers stay secret on their way: by TLS, or on this machine."""
        parts = urlsplit(self.endpoint)
        return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def otlp_settings(environment: Mapping[str, str], service: str = "signalbox") -> OtlpSettings:
    """Return the settings in an environment that has an endpoint; `service` is its default name.

    Raises:
        ValueError: The endpoint is no URL of http or https without user, query and fragment.
    """
    endpoint = environment["OTEL_EXPORTER_OTLP_ENDPOINT"].rstrip("/")
    if not _is_plain_url(endpoint):
        raise ValueError("OTEL_EXPORTER_OTLP_ENDPOINT is no URL such as https://collector:4318")
    milliseconds = _number(environment.get("OTEL_EXPORTER_OTLP_TIMEOUT"), _TIMEOUT_MS)
    return OtlpSettings(
        endpoint=endpoint,
        timeout=min(max(milliseconds, 1), _MAX_TIMEOUT_MS) / 1_000,
        share=min(max(_number(environment.get("OTEL_TRACES_SAMPLER_ARG"), 1.0), 0.0), 1.0),
        headers=otlp_headers(environment.get("OTEL_EXPORTER_OTLP_HEADERS", "")),
        resource=_resource(environment, service),
        certificate=environment.get("OTEL_EXPORTER_OTLP_CERTIFICATE", ""),
        in_background=_FUNCTION not in environment,
    )


def otlp_headers(text: str) -> dict[str, str]:
    """Return headers that are written as `name=value,name=value`, with values encoded as in URLs.

    What cannot be a header is left out.
    https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
    """
    return {
        name.lower(): value
        for name, value in _pairs(text)
        if _HEADER_NAME.fullmatch(name) and value.isascii() and value.isprintable()
    }


def _resource(environment: Mapping[str, str], service: str) -> dict[str, Attribute]:
    """Return the attributes of this process.

    https://opentelemetry.io/docs/specs/semconv/resource/faas/
    """
    found: dict[str, Attribute] = {
        "service.name": environment.get("OTEL_SERVICE_NAME") or service,
        "service.namespace": environment.get("SIGNALBOX_STACK", ""),
        "service.version": VERSION,
        "telemetry.sdk.name": "signalbox",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": VERSION,
        "cloud.region": environment.get("AWS_REGION", ""),
    }
    if function := environment.get(_FUNCTION):
        found |= {
            "cloud.provider": "aws",
            "cloud.platform": "aws_lambda",
            "faas.name": function,
            "faas.version": environment.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
            "faas.instance": environment.get("AWS_LAMBDA_LOG_STREAM_NAME", ""),
            "faas.max_memory": int(
                _number(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 0) * _BYTES_OF_MB
            ),
        }
    else:
        found["service.instance.id"] = gethostname()
    found |= dict(_pairs(environment.get("OTEL_RESOURCE_ATTRIBUTES", "")))
    return {name: value for name, value in found.items() if value}


def _is_plain_url(text: str) -> bool:
    """Return whether it is a URL of http or https with a host, and at most a port and a path."""
    try:
        parts = urlsplit(text)
        is_server = bool(parts.hostname) and parts.port != 0  # the port is parsed here
    except ValueError:
        return False
    is_plain = text.isascii() and text.isprintable() and not set(text) & set("@?# ")
    return is_server and is_plain and parts.scheme in {"http", "https"}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split(","):
        name, equals, value = pair.partition("=")
        if equals and name.strip():
            yield name.strip(), unquote(value.strip())


def _number(text: str | None, default: float) -> float:
    try:
        number = float(text) if text else default
    except ValueError:
        return default
    return number if isfinite(number) else default


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
