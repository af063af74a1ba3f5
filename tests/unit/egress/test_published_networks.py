"""The networks that services publish, as they publish them."""

import json

import pytest
from pydantic import JsonValue

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.published_networks import HttpNetworks
from signalbox.models.errors import SendDelayed
from signalbox.models.networks import NetworkPreset

GITHUB: JsonValue = {"hooks": ["192.30.252.0/22", "2a0a:a440::/29"], "web": ["192.0.2.0/24"]}
ATLASSIAN: JsonValue = {
    "syncToken": 1,
    "items": [
        {"cidr": "198.51.100.0/28", "direction": ["egress"], "product": ["jira"]},
        {"cidr": "203.0.113.0/24", "direction": ["ingress"], "product": ["jira"]},
        {"cidr": "192.0.2.0/24", "network": "192.0.2.0", "mask": "255.255.255.0"},
    ],
}
STRIPE: JsonValue = {"WEBHOOKS": ["192.0.2.12", "192.0.2.13"]}


class Service:
    """A service that answers every request alike."""

    def __init__(self, body: JsonValue, status: int = 200) -> None:
        self.response = HttpResponse(status=status, body=json.dumps(body).encode())
        self.requests: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        return self.response


@pytest.mark.parametrize(
    ("service", "body", "url", "networks"),
    [
        (
            NetworkPreset.GITHUB,
            GITHUB,
            "https://api.github.com/meta",
            ["192.30.252.0/22", "2a0a:a440::/29"],
        ),
        (
            NetworkPreset.ATLASSIAN,
            ATLASSIAN,
            "https://ip-ranges.atlassian.com/",
            ["198.51.100.0/28", "192.0.2.0/24"],
        ),
        (
            NetworkPreset.STRIPE,
            STRIPE,
            "https://stripe.com/files/ips/ips_webhooks.json",
            ["192.0.2.12", "192.0.2.13"],
        ),
    ],
)
def test_the_networks_from_which_a_service_sends_are_read(
    service: NetworkPreset, body: JsonValue, url: str, networks: list[str]
) -> None:
    far_side = Service(body)

    found = HttpNetworks(send=far_side)(service)

    assert list(found) == networks
    assert [(request.method, request.url) for request in far_side.requests] == [("GET", url)]


@pytest.mark.parametrize("service", NetworkPreset)
@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({}, 200, "has no list of networks"),
        ([], 200, "has no list of networks"),
        ({"hooks": [1], "items": [1], "WEBHOOKS": "x"}, 200, "has no list of networks"),
        ({}, 500, "answers 500"),
        ({}, 403, "answers 403"),
    ],
)
def test_an_answer_without_a_list_is_a_failure(
    service: NetworkPreset, body: JsonValue, status: int, reason: str
) -> None:
    with pytest.raises(SendDelayed, match=reason):
        HttpNetworks(send=Service(body, status))(service)
