from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT, CommandText
from signalbox.ingress.event_facts import EventFacts, branch_of, first_line, push_title
from signalbox.models.event import Author, Event

_SHA = "4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd"
_NOTHING = EventFacts(title=None, url=None, at=None)


def test_facts_make_an_event() -> None:
    ada, now = Author(name="ada"), datetime(2026, 3, 1, tzinfo=UTC)
    text = CommandText(text="/run", previous_text="/ran", thread="issue:1", writer=ada, moved=True)
    facts = EventFacts(
        title="Login\nfails",
        url="https://example.com/1",
        at=now,
        details=("agent", None, "bug"),
        branch="main",
        commit=_SHA,
        labels=("bug", None),
    )

    assert facts.event("issue.opened", text, author=ada, repository="rail/railway") == Event(
        type="issue.opened",
        title="Login fails",
        detail="agent",
        counts_as=("bug",),
        author=ada,
        occurred_at=now,
        repository="rail/railway",
        branch="main",
        commit=_SHA,
        url="https://example.com/1",
        labels=("bug",),
        text="/run",
        previous_text="/ran",
        thread="issue:1",
        writer=ada,
        moved=True,
    )


def test_an_event_without_facts_has_its_type_as_title() -> None:
    event = _NOTHING.event("issue.opened", NO_TEXT, author=None, repository=None)

    assert event == Event(type="issue.opened", title="issue.opened")


@pytest.mark.parametrize(
    ("ref", "branch"),
    [
        ("refs/heads/main", "main"),
        ("refs/heads/fix/login", "fix/login"),
        ("refs/tags/v1", None),
        ("refs/heads/", None),
        ("main", None),
    ],
)
def test_only_a_ref_of_a_branch_names_one(ref: str, branch: str | None) -> None:
    assert branch_of(ref) == branch


@pytest.mark.parametrize(
    ("after", "message", "title"),
    [
        (_SHA, "\n Keep it\n\nMore", "Keep it"),
        (_SHA, "", "refs/heads/a pushed"),
        (None, None, "refs/heads/a pushed"),
        ("0" * 40, None, "refs/heads/a deleted"),
    ],
)
def test_a_push_is_described_by_its_commit_or_its_ref(
    after: str | None, message: str | None, title: str
) -> None:
    assert push_title("refs/heads/a", after=after, message=message) == title


def test_the_first_line_of_no_message_is_empty() -> None:
    assert first_line(None) == first_line(" \n") == ""
