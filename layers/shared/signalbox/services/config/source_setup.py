"""Describe how a source is set up in the settings of its service, and whether it works yet."""

from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError

from signalbox.models.delivery import Delivery
from signalbox.models.errors import NotFound
from signalbox.models.frozen import frozen
from signalbox.models.provider_setup import SecretForm, webhook_path
from signalbox.models.rejection import Rejections
from signalbox.models.source import Source
from signalbox.services.deliveries.list_deliveries import DeliveryFilter, ListDeliveries
from signalbox.services.deliveries.list_rejections import ListRejections
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import Providers

SECRET_PLACE: Final = "{secret}"  # noqa: S105  what stands for one
"""What stands for the secret in the instructions, as nobody can read one."""


@frozen
class SourceState:
    """A source: how it is set up, its newest delivery, and what was rejected of it.

    `events` are those that it reads. It is `configured` if it does not only exist by default.
    """

    source: Source
    configured: bool
    path: str
    secret: SecretForm
    events: Sequence[str]
    instructions: Sequence[str]
    newest: Delivery | None
    rejections: Rejections | None


@frozen
class DescribeSource:
    """Describe sources."""

    config: ConfigStore
    providers: Providers
    deliveries: ListDeliveries
    rejections: ListRejections

    def __call__(self, provider: str, name: str, base_url: str) -> SourceState:
        """Return the state of a source, also of one that is not configured yet.

        Raises:
            NotFound: There is no such provider, or no source can have this name.
            Unavailable: A store did not answer.
        """
        create_provider = self.providers.get(provider)
        if create_provider is None:
            raise NotFound("this installation has no such provider")
        stored = self.config.source(provider, name)
        source = stored or _unconfigured(provider, name)
        known, path = create_provider(), webhook_path(provider, name)
        events = known.setup.selected_events(known.events, source.events)
        page = self.deliveries(DeliveryFilter(provider=provider, source=name), limit=1)
        return SourceState(
            source=source,
            configured=stored is not None,
            path=path,
            secret=known.setup.secret,
            events=events,
            instructions=known.setup.instructions(
                url=base_url + path, secret=SECRET_PLACE, events=events, source=source.key
            ),
            newest=next(iter(page.items), None),
            rejections=next(iter(self.rejections(provider, name)), None),
        )


def _unconfigured(provider: str, name: str) -> Source:
    try:
        return Source(provider=provider, name=name)
    except ValidationError:
        raise NotFound("no source can have this name") from None
