"""The recorded requests under `events/`."""

import json
from pathlib import Path

from pydantic import BaseModel, JsonValue

from signalbox.models.request import InboundRequest

_ROOT = Path(__file__).parent.parent / "events" / "webhooks"


class Sample(BaseModel):
    """One request as it is recorded: the headers without a signature, the body as JSON."""

    headers: dict[str, str]
    body: dict[str, JsonValue]

    @property
    def raw(self) -> bytes:
        """The body as it would be sent."""
        return json.dumps(self.body, ensure_ascii=False).encode()


def names(provider: str) -> list[str]:
    """The names of a provider's samples, such as `issue_comment.created`."""
    return sorted(path.stem for path in (_ROOT / provider).glob("*.json"))


def sample(provider: str, name: str) -> Sample:
    """The sample of this name."""
    return Sample.model_validate_json((_ROOT / provider / f"{name}.json").read_bytes())


def request_of(provider: str, headers: dict[str, str], body: bytes) -> InboundRequest:
    """A request to a provider's route, its header names in lower case."""
    return InboundRequest(
        method="POST",
        path=f"/api/v1/webhooks/{provider}",
        headers={name.lower(): value for name, value in headers.items()},
        body=body,
    )
