"""Which words a pattern can match, and which word somebody may have meant."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

EventVocabulary = Mapping[str, frozenset[str] | None]
"""The events that a provider reads, by type, each with the details that it may have.

None stands for details of any kind, such as the name of a label.
"""

Vocabularies = Mapping[str, EventVocabulary]
"""The events of each provider, by its name."""

_SHOWN: Final = 12


def matches_event(pattern: str, events: EventVocabulary) -> bool:
    """Return whether a pattern such as `issues.*` or `workflow_run.completed:failure` can match."""
    folded = escape_pattern(pattern)
    return any(
        fnmatchcase(event, folded) or _matches_detail(folded, event, details)
        for event, details in events.items()
    )


def _matches_detail(pattern: str, event: str, details: frozenset[str] | None) -> bool:
    if details is not None:
        return any(fnmatchcase(f"{event}:{detail}", pattern) for detail in details)
    return any(
        fnmatchcase(f"{event}:", pattern[:end])
        for end in range(1, len(pattern) + 1)
        if pattern[end - 1] in ":*"
    )


def escape_pattern(pattern: str) -> str:
    """Return the pattern, where every sign but `*` stands for itself: bots have brackets."""
    return pattern.casefold().replace("[", "[[]").replace("?", "[?]")


def event_words(events: EventVocabulary) -> Iterator[str]:
    """Yield every event, and every detail behind its event: `workflow_run.completed:failure`."""
    for event, details in events.items():
        yield event
        yield from (f"{event}:{detail}" for detail in sorted(details or ()))


def suggest(word: str, known: Iterable[str]) -> str:
    """Return what to say of an unknown word: the closest one that is known, and which there are."""
    words = sorted(known)
    close = get_close_matches(word.casefold(), words, n=1, cutoff=0.6)
    meant = f'did you mean "{close[0]}"? ' if close else ""
    more = ", …" if len(words) > _SHOWN else ""
    listed = ", ".join(words[:_SHOWN]) + more
    return f"{meant}allowed: {listed}" if words else meant.strip()
