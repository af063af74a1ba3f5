"""Read the networks that services publish, each in a form of its own.

- https://docs.github.com/en/rest/meta/meta
- https://support.atlassian.com/organization-administration/docs/ip-addresses-and-domains-for-atlassian-cloud-products/
- https://docs.stripe.com/ips
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

from pydantic import ConfigDict, Field, ValidationError

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.models.base import PartialModel
from signalbox.models.errors import SendDelayed
from signalbox.models.frozen import frozen
from signalbox.models.networks import NetworkPreset

_MAX_BYTES: Final = 4_000_000
_OUTGOING: Final = "egress"


class _List(PartialModel):
    model_config = ConfigDict(frozen=True)


class _GitHub(_List):
    hooks: tuple[str, ...]

    def networks(self) -> Sequence[str]:
        return self.hooks


class _AtlassianItem(_List):
    cidr: str
    direction: tuple[str, ...] = (_OUTGOING,)


class _Atlassian(_List):
    items: tuple[_AtlassianItem, ...]

    def networks(self) -> Sequence[str]:
        return [item.cidr for item in self.items if _OUTGOING in item.direction]


class _Stripe(_List):
    addresses: tuple[str, ...] = Field(alias="WEBHOOKS")

    def networks(self) -> Sequence[str]:
        return self.addresses


class _Place(NamedTuple):
    url: str
    form: type[_GitHub | _Atlassian | _Stripe]


_PLACES: Final[Mapping[NetworkPreset, _Place]] = {
    NetworkPreset.GITHUB: _Place("https://api.github.com/meta", _GitHub),
    NetworkPreset.ATLASSIAN: _Place("https://ip-ranges.atlassian.com/", _Atlassian),
    NetworkPreset.STRIPE: _Place("https://stripe.com/files/ips/ips_webhooks.json", _Stripe),
}


@frozen
class HttpNetworks:
    """Fetches networks by HTTPS. It is a FetchNetworks."""

    send: Callable[[HttpRequest], HttpResponse]

    def __call__(self, service: NetworkPreset) -> Sequence[str]:
        """Return the networks that a service publishes.

        Raises:
            SendDelayed: There was no response in time, or no list in it.
            SendRefused: The request can never be sent.
        """
        place = _PLACES[service]
        headers = {"Accept": "application/json"}
        response = self.send(
            HttpRequest(url=place.url, method="GET", headers=headers, max_answer=_MAX_BYTES)
        )
        if response.status != HTTPStatus.OK:
            raise SendDelayed(f"{place.url} answers {response.status}")
        try:
            return place.form.model_validate_json(response.body).networks()
        except ValidationError:
            raise SendDelayed(f"{place.url} has no list of networks") from None
