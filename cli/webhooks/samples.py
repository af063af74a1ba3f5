"""The recorded webhooks in events/, renewed with another text and other ids."""

import json
import re
import secrets
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, Field, JsonValue

from cli.errors import CommandError
from cli.target import PROJECT
from signalbox.models.request import InboundRequest, media_type_of
from signalbox.services.ports.deliveries import Provider

SAMPLES_DIRECTORY: Final = PROJECT / "events" / "webhooks"

FORM: Final = "application/x-www-form-urlencoded"
_FIRST_ACTIONS: Final = ("created", "opened", "submitted")
_ID_SEPARATORS: Final = re.compile(r"[:/\s]")
_MIN_ID: Final = 3
_MAX_ID: Final = 2**50
_RENEWED_DIGITS: Final = 9


class WebhookSample(BaseModel):
    """A request of a provider: the headers without a signature, the body as JSON.

    The body of a form is a mapping of its fields; a field that is not a text is sent as JSON.
    `settings` are those of a source that takes it.
    """

    name: str = ""
    headers: dict[str, str]
    body: dict[str, JsonValue]
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        """Return the body as it is sent."""
        if self._media_type == FORM:
            return urlencode({name: _field(value) for name, value in self.body.items()}).encode()
        return _json(self.body).encode()

    @property
    def _media_type(self) -> str:
        types = (value for name, value in self.headers.items() if name.lower() == "content-type")
        return media_type_of(next(types, ""))

    def as_form(self) -> "WebhookSample":
        """Return the same payload in the field `payload` of a form."""
        headers = {
            name: value for name, value in self.headers.items() if name.lower() != "content-type"
        }
        body: dict[str, JsonValue] = {"payload": self.body}
        return self.model_copy(update={"headers": {**headers, "Content-Type": FORM}, "body": body})

    def moved(self, before: str, after: str) -> "WebhookSample":
        """Return the same request with the URLs of another server."""
        return WebhookSample.model_validate_json(self.model_dump_json().replace(before, after))

    def request(self, path: str = "/") -> InboundRequest:
        """Return the request, unsigned."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return InboundRequest(method="POST", path=path, headers=headers, body=self.raw)


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
    sample = WebhookSample.model_validate_json((folder / provider / f"{found}.json").read_bytes())
    return sample.model_copy(update={"name": found})


def new_sample(provider: Provider, sample: WebhookSample, text: str | None = None) -> WebhookSample:
    """Return the event of a sample happening again, to another comment, with another text.

    Raises:
        CommandError: The event has no text.
    """
    request = sample.request()
    events = [event for event in provider.parse(request).events if event.text is not None]
    body = sample.body
    if text is not None:
        if not events:
            names = ", ".join(_names_with_text(provider))
            raise CommandError(f"{sample.name} has no text; these samples have one: {names}")
        body = _replaced(body, {events[0].text or ""}, lambda _: text)
        if body == sample.body and events[0].text != text:
            raise CommandError(f"the text of {sample.name} is made of several parts")
    key = provider.delivery_key(request)
    ids = {word for event in events for word in _ID_SEPARATORS.split(event.thread or "")}
    ids = {word for word in {*ids, key} if len(word) >= _MIN_ID and re.search("[0-9]", word)}
    renewed = _replaced(body, ids, _renewed)
    if renewed == body and not provider.delivery_header:
        renewed = {**body, "signalbox_sample": str(uuid.uuid4())}
    return sample.model_copy(update={"body": renewed})


def _names_with_text(provider: Provider) -> list[str]:
    return [
        name
        for name in sample_names(provider.name)
        if any(
            event.text is not None
            for event in provider.parse(load_sample(provider.name, name).request()).events
        )
    ]


def _replaced(
    body: dict[str, JsonValue], texts: set[str], by: Callable[[str | int], JsonValue]
) -> dict[str, JsonValue]:
    """Return the body with these texts, and numbers written so, replaced: equal ones alike."""
    made: dict[str, JsonValue] = {}

    def walk(value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return {name: walk(member) for name, member in value.items()}
        if isinstance(value, list):
            return [walk(member) for member in value]
        if isinstance(value, str | int) and str(value) in texts:
            return made.setdefault(f"{type(value).__name__} {value}", by(value))
        return value

    return {name: walk(member) for name, member in body.items()}


def _renewed(value: str | int) -> JsonValue:
    """Return another id of the same form."""
    if isinstance(value, int):
        return secrets.randbelow(_MAX_ID)
    try:
        return str(uuid.uuid4()) if str(uuid.UUID(value)) == value else _with_other_digits(value)
    except ValueError:
        return _with_other_digits(value)


def _with_other_digits(text: str) -> str:
    """Return the text with its last digits changed."""
    places = [place for place, char in enumerate(text) if char in "0123456789"]
    chars = list(text)
    for place in places[-_RENEWED_DIGITS:]:
        chars[place] = str(secrets.randbelow(10))
    return "".join(chars)


def _field(value: JsonValue) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
