"""The recorded webhooks under events/, made new: another text, another id."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, JsonValue

from cli.errors import CommandError
from cli.target import PROJECT

SAMPLES_DIRECTORY: Final = PROJECT / "events" / "webhooks"

_WRITTEN: Final[Mapping[str, str]] = {
    "discussion": "discussion",
    "discussion_comment": "comment",
    "issue_comment": "comment",
    "issues": "issue",
    "pull_request": "pull_request",
    "pull_request_review": "review",
    "pull_request_review_comment": "comment",
}
_FIRST: Final = ("created", "opened", "submitted")
_IDS: Final = 2**50


class WebhookSample(BaseModel):
    """One request: the headers without a signature, the body as JSON."""

    headers: dict[str, str]
    body: dict[str, JsonValue]

    @property
    def event(self) -> str:
        """GitHub's name of the event."""
        return self.headers["X-GitHub-Event"]


def sample_names(provider: str, folder: Path = SAMPLES_DIRECTORY) -> list[str]:
    """Return the names of a provider's samples, such as `issue_comment.created`."""
    return sorted(path.stem for path in (folder / provider).glob("*.json"))


def load_sample(provider: str, name: str, folder: Path = SAMPLES_DIRECTORY) -> WebhookSample:
    """Return the sample of this name, or of this event: the one that begins it before any other.

    Raises:
        CommandError: The command cannot be carried out.
    """
    known = sample_names(provider, folder)
    fitting = [one for one in known if one == name or one.partition(".")[0] == name]
    if not fitting:
        raise CommandError(f"there is no sample {name}; there are: {', '.join(known)}")
    found = min(fitting, key=lambda one: (one != name, one.partition(".")[2] not in _FIRST, one))
    return WebhookSample.model_validate_json((folder / provider / f"{found}.json").read_bytes())


def new_sample(found: WebhookSample, text: str | None = None) -> WebhookSample:
    """Return the same event happening once more, to another comment.

    With this text if one is given.

    Raises:
        CommandError: If nothing is written in such an event.
    """
    place = _WRITTEN.get(found.event, "")
    written = found.body.get(place)
    if not isinstance(written, dict):
        if text is not None:
            raise CommandError(f"{found.event} carries no text; these do: {', '.join(_WRITTEN)}")
        return found
    fresh: dict[str, JsonValue] = {**written, "id": secrets.randbelow(_IDS)}
    if text is not None:
        fresh["body"] = text
    return found.model_copy(update={"body": {**found.body, place: fresh}})
