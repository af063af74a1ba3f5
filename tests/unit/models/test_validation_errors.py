"""What is wrong with a document is said in words that do not speak of the code."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from signalbox.models.manifest import Manifest
from signalbox.models.validation_errors import describe_errors

PYDANTIC = re.compile(
    r"\b(?:input|should be|valid (?:string|integer|dict|tuple|boolean)|permitted)", re.IGNORECASE
)


def flaws(document: JsonValue) -> list[str]:
    try:
        Manifest.model_validate_json(json.dumps(document))
    except ValidationError as invalid:
        return [f"{path}: {reason}" for path, reason in describe_errors(invalid, Manifest)]
    return []


@pytest.mark.parametrize(
    ("document", "response"),
    [
        (
            {"sources": [{"provider": "github", "nme": "x"}]},
            'sources[0].nme: unknown key "nme"; did you mean "name"? allowed: answer, approval',
        ),
        ({"sorces": []}, 'sorces: unknown key "sorces"; did you mean "sources"?'),
        ({"sources": [{}]}, "sources[0].provider: is required"),
        ({"sources": {"provider": "github"}}, "sources: expects a list"),
        ({"sources": ["github"]}, "sources[0]: expects a mapping of keys to values"),
        (
            {"sources": [{"provider": "github", "authors": [12345]}]},
            "sources[0].authors[0]: expects a text; put it in quotes",
        ),
        (
            {"sources": [{"provider": "github", "authors": [False]}]},
            "sources[0].authors[0]: expects a text; put it in quotes",
        ),
        (
            {"sources": [{"provider": "github", "max_attempts": 0}]},
            "sources[0].max_attempts: expects a number of at least 1",
        ),
        (
            {"sources": [{"provider": "github", "max_attempts": 1.5}]},
            "sources[0].max_attempts: expects a whole number",
        ),
        (
            {"sources": [{"provider": "GitHub"}]},
            "sources[0].provider: expects a name: lower-case letters",
        ),
        (
            {"subscriptions": [{"id": "a", "connection": "b", "changes": ["finishd"]}]},
            'subscriptions[0].changes[0]: "finishd" is not known; allowed: approved, cancelled',
        ),
        (
            {"subscriptions": [{"id": "a", "connection": "b", "changes": ["succeded"]}]},
            'subscriptions[0].changes[0]: "succeded" is not known; did you mean "succeeded"?',
        ),
        ({"version": 2}, 'version: "2" is not known; allowed: 1'),
        ({"sources": [{"provider": "github", "enabled": "yes"}]}, "expects true or false"),
        (
            {"issuers": [{"name": "a", "issuer": "b", "audience": "c"}]},
            "issuers[0]: an issuer has one of jwks_url, jwks and shared_secret",
        ),
        ({"limits": {"default": {"cuont": 1}}}, 'limits.default.cuont: unknown key "cuont"'),
        ([], ": expects a mapping of keys to values"),
    ],
)
def test_the_place_and_the_mistake_are_named(document: JsonValue, response: str) -> None:
    assert any(response in flaw for flaw in flaws(document)), flaws(document)


_KEYS = st.sampled_from(
    [
        *Manifest.model_fields,
        *("provider", "name", "id", "connection", "connector", "settings", "changes", "statuses"),
        *("issuer", "audience", "jwks", "jwks_url", "grants", "everybody", "claim", "algorithms"),
        *("scopes", "roles", "default", "callers", "count", "window", "burst", "max_attempts"),
        *("priority", "enabled", "events", "mention", "odd"),
    ]
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["github", "created", "x" * 300, "viewer", "https://id.example.com/"]),
)
_VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(document=st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_no_word_of_the_code_reaches_whoever_wrote_it(document: dict[str, JsonValue]) -> None:
    for flaw in flaws(document):
        assert not PYDANTIC.search(re.sub(r'"[^"]*"', "", flaw)), flaw
