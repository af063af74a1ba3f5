"""Request and response bodies of sources."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.ids import DeliveryId
from signalbox.models.provider_setup import SecretForm
from signalbox.models.rejection import Rejection
from signalbox.models.source import Source


class SourceList(Model):
    """Every configured source. The default source of a provider exists without configuration."""

    items: tuple[Source, ...]


class ProviderView(Model):
    """A provider of this installation: the secrets that it takes, and the events that it reads."""

    name: str
    secret: SecretForm
    events: tuple[str, ...]


class ProviderList(Model):
    """Every provider, by name."""

    items: tuple[ProviderView, ...]


class NewestDelivery(Model):
    """The newest delivery of a source."""

    id: DeliveryId
    received_at: UtcDatetime
    status: DeliveryStatus
    event: str | None


class SourceSetupResponse(Model):
    """How a source is set up in the settings of its service, and whether it works.

    In `instructions`, `{secret}` stands for the secret, which nobody can read. `secret` is its
    form: one that you make (`text`, or `whsec_` and the base64 of 32 bytes), or that the service
    issues. It works when `newest_delivery` is there: deliveries are listed for seven days.
    `last_rejection` is why the last request was refused.
    """

    provider: str
    source: str
    configured: bool
    enabled: bool
    url: str
    secret: SecretForm
    events: tuple[str, ...]
    instructions: tuple[str, ...]
    newest_delivery: NewestDelivery | None
    last_rejection: Rejection | None
