"""Filter criteria of event sources, as far as the template uses their language.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from collections.abc import Iterable, Mapping

from pydantic import JsonValue


def passes_filter(record: JsonValue, patterns: Iterable[Mapping[str, JsonValue]]) -> bool:
    """Return whether a record matches one of the patterns, or there is none."""
    every = tuple(patterns)
    return not every or any(_matches(record, dict(pattern)) for pattern in every)


def _matches(value: JsonValue, pattern: JsonValue) -> bool:
    if isinstance(pattern, dict):
        fields = value if isinstance(value, dict) else {}
        return all(_matches(fields.get(name), inner) for name, inner in pattern.items())
    if not isinstance(pattern, list):
        raise TypeError("a pattern is an object or a list")
    return any(_is_one(value, rule) for rule in pattern)


def _is_one(value: JsonValue, rule: JsonValue) -> bool:
    match rule:
        case {"exists": bool(exists)}:
            return (value is not None) == exists
        case {"prefix": str(prefix)}:
            return isinstance(value, str) and value.startswith(prefix)
        case dict():
            raise ValueError(f"the rule {rule} is not known")
    return value == rule
