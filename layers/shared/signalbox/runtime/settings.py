"""The settings of a function, from its environment."""

from datetime import timedelta
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from signalbox.models.networks import network_text
from signalbox.runtime.environment import process_environment


class Settings(BaseModel):
    """`SIGNALBOX_<NAME>` for each name; template.yaml sets all of them."""

    model_config = ConfigDict(
        # an error names a setting by its alias, as operators know it
        alias_generator=lambda name: f"SIGNALBOX_{name.upper()}",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    stack: str
    key_environment: str
    max_body_bytes: int = Field(ge=1)
    task_retention_hours: int = Field(ge=0)
    trusted_origins: str = ""
    cors_origins: str = ""
    gateway_networks: str = ""
    realtime_table: str = ""
    websocket_url: str = ""
    websocket_endpoint: str = ""
    api_origin: str = ""
    vendor_alarms: Literal["all", "none"] = "all"

    tasks_table: str
    deliveries_table: str
    config_table: str
    state_table: str
    audit_table: str
    tasks_stream: str
    deliveries_stream: str
    bodies_bucket: str

    queue_high: str
    queue_normal: str
    queue_low: str
    queue_high_dead_letters: str
    queue_normal_dead_letters: str
    queue_low_dead_letters: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings in the environment.

        Raises:
            ValidationError: A variable is missing or not valid.
        """
        return cls.model_validate(dict(process_environment()))

    @property
    def trusted(self) -> frozenset[str]:
        """Return the origins that connectors may call although they are private."""
        return _listed(self.trusted_origins)

    @property
    def cors(self) -> frozenset[str]:
        """Return the origins whose pages may call the API."""
        return _listed(self.cors_origins)

    @property
    def has_no_tls(self) -> bool:
        """Return whether the stack is served by plain HTTP, as only the local one is."""
        return self.websocket_url.startswith("ws://")

    @property
    def has_vendor_alarms(self) -> bool:
        """Return whether each provider and each connector has alarms of its own."""
        return self.vendor_alarms == "all"

    @property
    def scheme(self) -> str:
        """Return the scheme of the URL of the API."""
        return "http" if self.has_no_tls else "https"

    @property
    def socket_origins(self) -> frozenset[str]:
        """Return the origins whose pages may connect: the API's own, and those of `cors`."""
        parts = urlsplit(self.websocket_url)
        scheme = {"wss": "https", "ws": "http"}.get(parts.scheme, "")
        own = {self.api_origin, f"{scheme}://{parts.netloc}" if scheme else ""}
        return self.cors | (own - {""})

    @property
    def networks(self) -> tuple[str, ...]:
        """Return the networks in which instances of services may have private addresses.

        Raises:
            ValueError: One of them is no network.
        """
        return tuple(map(network_text, sorted(_listed(self.gateway_networks))))

    @property
    def retention(self) -> timedelta:
        """Return how long a finished task is stored; 0 means forever."""
        return timedelta(hours=self.task_retention_hours)

    def connector_queue(self, connector: str) -> str:
        """Return the URL of the queue of a connector, which follows from the naming rule."""
        base = self.queue_high.rpartition("/")[0]
        return f"{base}/{self.stack}_{connector}_notifications"

    @property
    def parameters(self) -> str:
        """Return the prefix of the names of all parameters."""
        return f"/signalbox/{self.stack}"


def _listed(text: str) -> frozenset[str]:
    """Return the words between the commas."""
    return frozenset(word.strip() for word in text.split(",") if word.strip())
