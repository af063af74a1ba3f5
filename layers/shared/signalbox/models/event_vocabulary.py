"""The events that providers send, to check patterns and to suggest corrections."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

EventVocabulary = Mapping[str, frozenset[str] | None]
"""The events of a provider by type, each with its possible details.

None means that details are free, such as the name of a label.
"""

ANY_EVENT: Final[EventVocabulary] = {"*": None}
"""The vocabulary of a provider whose events are not known, so that every pattern can match."""

Vocabularies = Mapping[str, EventVocabulary]
"""The events of each provider, by its name."""

_MAX_SUGGESTIONS: Final = 12


def matches_event(pattern: str, events: EventVocabulary) -> bool:
    """Return whether a pattern such as `issues.*` or `workflow_run.completed:failure` can match.

    Case is ignored.
    """
    if events == ANY_EVENT:
        return True
    folded = escape_pattern(pattern)
    return any(
        fnmatchcase(event.casefold(), folded) or _matches_detail(folded, event.casefold(), details)
        for event, details in events.items()
    )


def _matches_detail(pattern: str, event: str, details: frozenset[str] | None) -> bool:
    if details is not None:
        return any(fnmatchcase(f"{event}:{detail.casefold()}", pattern) for detail in details)
    return any(
        fnmatchcase(f"{event}:", pattern[:end])
        for end in range(1, len(pattern) + 1)
        if pattern[end - 1] in ":*"
    )


def escape_pattern(pattern: str) -> str:
    """Return the pattern with every character but `*` escaped: names of bots have brackets."""
    return pattern.casefold().replace("[", "[[]").replace("?", "[?]")


def event_words(events: EventVocabulary) -> Iterator[str]:
    """Yield every event, and every event with each detail: `workflow_run.completed:failure`."""
    for event, details in events.items():
        yield event
        yield from (f"{event}:{detail}" for detail in sorted(details or ()))


def suggest(word: str, known: Iterable[str]) -> str:
    """Return a hint for an unknown word: the closest known word, and which words are known."""
    from difflib import get_close_matches  # noqa: PLC0415  a mistake is rare

    words = sorted(known)
    close = get_close_matches(word.casefold(), words, n=1, cutoff=0.6)
    meant = f'did you mean "{close[0]}"? ' if close else ""
    more = ", …" if len(words) > _MAX_SUGGESTIONS else ""
    listed = ", ".join(words[:_MAX_SUGGESTIONS]) + more
    return f"{meant}allowed: {listed}" if words else meant.strip()
