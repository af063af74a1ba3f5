"""The payloads of the npm package @octokit/webhooks-examples, and their outcomes."""

import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from cli.errors import CommandError
from cli.webhooks.post import SentWebhook, github_sample
from cli.webhooks.samples import WebhookSample

_INDEX: Final = "api.github.com/index.json"


class _Event(BaseModel):
    name: str
    examples: list[dict[str, JsonValue]] = []


_EVENTS: Final = TypeAdapter(list[_Event])


class ExampleTally(BaseModel):
    """The outcomes of the examples of one event."""

    event: str
    sent: int
    tasks: int
    statuses: dict[str, int]
    outcomes: dict[str, int]


def example_webhooks(path: Path) -> Iterator[WebhookSample]:
    """Yield every example of the package's directory, its .tgz, or an index.json.

    Raises:
        CommandError: There is no index, or it cannot be parsed.
    """
    try:
        events = _EVENTS.validate_json(_index(path))
    except (OSError, EOFError, KeyError, tarfile.TarError, ValidationError) as odd:
        problem = f"{path} holds no examples of webhooks ({type(odd).__name__})"
        raise CommandError(problem) from odd
    for event in events:
        for example in event.examples:
            yield github_sample(event.name, example)


def tally_by_event(answers: Iterable[SentWebhook]) -> list[ExampleTally]:
    """Return the outcomes by event, sorted by name."""
    by_event: dict[str, list[SentWebhook]] = {}
    for sent in answers:
        by_event.setdefault(sent.event, []).append(sent)
    return [tally(event, by_event[event]) for event in sorted(by_event)]


def tally(event: str, answers: Iterable[SentWebhook]) -> ExampleTally:
    """Return the outcomes under one name."""
    counted = list(answers)
    return ExampleTally(
        event=event,
        sent=len(counted),
        tasks=sum(len(sent.task_ids) for sent in counted),
        statuses=dict(Counter(str(sent.status) for sent in counted)),
        outcomes=dict(Counter(sent.outcome for sent in counted)),
    )


def _index(path: Path) -> bytes:
    if path.is_dir():
        return (path / _INDEX).read_bytes()
    if path.suffix not in {".tgz", ".gz", ".tar"}:
        return path.read_bytes()
    with tarfile.open(path) as package:
        member = package.extractfile(f"package/{_INDEX}")
        if member is None:
            raise KeyError(_INDEX)
        return member.read()
