"""The recorded requests under `events/`."""

from cli.webhooks.samples import WebhookSample, load_sample, sample_names
from signalbox.models.request import InboundRequest


def names(provider: str) -> list[str]:
    """The names of a provider's samples, such as `issue_comment.created`."""
    return sample_names(provider)


def sample(provider: str, name: str) -> WebhookSample:
    """The sample of this name."""
    return load_sample(provider, name)


def request_of(provider: str, headers: dict[str, str], body: bytes) -> InboundRequest:
    """A request to a provider's route, its header names in lower case."""
    return InboundRequest(
        method="POST",
        path=f"/api/v1/webhooks/{provider}",
        headers={name.lower(): value for name, value in headers.items()},
        body=body,
    )
