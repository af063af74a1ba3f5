"""The recorded webhooks in events/, renewed with another text and another id."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, JsonValue

from cli.errors import CommandError
from cli.target import PROJECT

SAMPLES_DIRECTORY: Final = PROJECT / "events" / "webhooks"

_TEXT_PARTS: Final[Mapping[str, str]] = {
    "discussion": "discussion",
    "discussion_comment": "comment",
    "issue_comment": "comment",
    "issues": "issue",
    "pull_request": "pull_request",
    "pull_request_review": "review",
    "pull_request_review_comment": "comment",
}
_FIRST_ACTIONS: Final = ("created", "opened", "submitted")
_MAX_ID: Final = 2**50


class WebhookSample(BaseModel):
    """A request: the headers without a signature, the body as JSON."""

    headers: dict[str, str]
    body: dict[str, JsonValue]

    @property
    def event(self) -> str:
        """Return GitHub's name of the event."""
        return self.headers["X-GitHub-Event"]


def sample_names(provider: str, folder: Path = SAMPLES_DIRECTORY) -> list[str]:
    """Return the names of a provider's samples, such as `issue_comment.created`."""
    return sorted(path.stem for path in (folder / provider).glob("*.json"))


def load_sample(provider: str, name: str, folder: Path = SAMPLES_DIRECTORY) -> WebhookSample:
    """Return the sample with this name, or the first one of this event.

    Raises:
        CommandError: There is no such sample.
    """
    known = sample_names(provider, folder)
    fitting = [one for one in known if one == name or one.partition(".")[0] == name]
    if not fitting:
        raise CommandError(f"there is no sample {name}; there are: {', '.join(known)}")
    found = min(
        fitting, key=lambda one: (one != name, one.partition(".")[2] not in _FIRST_ACTIONS, one)
    )
    return WebhookSample.model_validate_json((folder / provider / f"{found}.json").read_bytes())


def new_sample(found: WebhookSample, text: str | None = None) -> WebhookSample:
    """Return the event of a sample happening again, to another comment, with another text.

    Raises:
        CommandError: The event has no text.
    """
    place = _TEXT_PARTS.get(found.event, "")
    written = found.body.get(place)
    if not isinstance(written, dict):
        if text is not None:
            raise CommandError(f"{found.event} carries no text; these do: {', '.join(_TEXT_PARTS)}")
        return found
    fresh: dict[str, JsonValue] = {**written, "id": secrets.randbelow(_MAX_ID)}
    if text is not None:
        fresh["body"] = text
    return found.model_copy(update={"body": {**found.body, place: fresh}})
