"""Each provider has a page with its events, whose examples are sources that can be applied."""

import json
import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from cli.target import PROJECT
from signalbox.models.manifest import Manifest
from signalbox.runtime.registry import providers
from signalbox.services.config.rules import rule_violations

PAGES: Final = sorted((PROJECT / "docs" / "providers").glob("*.md"))
NAMES: Final = sorted(providers())
_YAML: Final = re.compile(r"^( *)```yaml\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def names_event(page: str, event: str) -> bool:
    """Whether a line has an event, or its end behind another one: `issues.opened`, `.edited`."""
    ends = (0, *(found.start() for found in re.finditer(r"[._]", event)))
    return any(
        f"`{event[:end]}" in line and f"`{event[end:]}`" in line
        for line in page.splitlines()
        for end in ends
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_example_can_be_applied(page: Path) -> None:
    vocabularies = {name: create().events for name, create in providers().items()}
    examples = [yaml.safe_load(found[2]) for found in _YAML.finditer(page.read_text())]

    for example in examples:
        manifest = Manifest.model_validate_json(json.dumps(example))
        for source in manifest.sources:
            providers()[source.provider]().with_settings(source.settings)
            assert list(rule_violations(source, vocabularies)) == []

    assert examples


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_every_event_of_its_provider(name: str) -> None:
    page = (PROJECT / f"docs/providers/{name}.md").read_text()
    events = set(providers()[name]().events) - {"*"}

    assert {event for event in events if not names_event(page, event)} == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_leads_to_the_page(name: str) -> None:
    assert f"(docs/providers/{name}.md)" in (PROJECT / "README.md").read_text()


def test_an_event_that_a_page_does_not_have_is_found() -> None:
    page = "| `issues.opened`, `.edited` |\n| `review_approved`, `_rejected` |\n"

    found = [
        event
        for event in (
            "issues.opened",
            "issues.edited",
            "review_rejected",
            "issues.closed",
            "edited",
        )
        if names_event(page, event)
    ]

    assert found == ["issues.opened", "issues.edited", "review_rejected"]
