"""What no provider may do, whatever is sent: raise anything but its own refusals."""

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from cli.webhooks.samples import FORM, WebhookSample
from signalbox.models.errors import PayloadInvalid, SignatureInvalid
from signalbox.models.event import ParsedPayload
from signalbox.runtime.registry import providers
from tests.samples import names, request_of, sample

pytestmark = pytest.mark.untraced  # it repeats what others cover, and tracing slows it down

PROVIDERS: Final = sorted(providers())
SECRET: Final = "5e" * 32
"""Also a private key, of which a provider may verify with the public one."""

_TEXT: Final = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


def places(document: JsonValue) -> Iterator[tuple[str | int, ...]]:
    """The paths to every value in a document, its own included."""
    yield ()
    members: Iterator[tuple[str | int, JsonValue]] = iter(())
    if isinstance(document, dict):
        members = iter(document.items())
    elif isinstance(document, list):
        members = iter(enumerate(document))
    for step, member in members:
        yield from ((step, *rest) for rest in places(member))


def with_value(document: JsonValue, path: tuple[str | int, ...], value: JsonValue) -> JsonValue:
    """The document with this value at one place."""
    if not path:
        return value
    step, *rest = path
    if isinstance(document, dict):
        return document | {str(step): with_value(document[str(step)], tuple(rest), value)}
    assert isinstance(document, list)
    at = int(step)
    return [*document[:at], with_value(document[at], tuple(rest), value), *document[at + 1 :]]


def encoded(recorded: WebhookSample, body: JsonValue) -> bytes:
    """The body as it is sent, in a form where the sample is one."""
    if recorded.request().media_type != FORM or not isinstance(body, dict):
        return json.dumps(body).encode()
    fields = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()
    }
    return urlencode(fields, errors="surrogatepass").encode()


def parse(provider: str, recorded: WebhookSample, body: JsonValue) -> None:
    request = request_of(provider, recorded.headers, encoded(recorded, body))
    subject = providers()[provider]().with_settings(recorded.settings)
    try:
        parsed = subject.parse(request)
    except PayloadInvalid:
        return
    assert isinstance(parsed, ParsedPayload)


@pytest.mark.parametrize("provider", PROVIDERS)
@given(data=st.data())
@settings(deadline=None, max_examples=200)
def test_any_value_anywhere_in_a_payload_is_read_or_refused(
    provider: str, data: st.DataObject
) -> None:
    recorded = sample(provider, data.draw(st.sampled_from(names(provider))))
    path = data.draw(st.sampled_from(sorted(places(recorded.body), key=str)))

    parse(provider, recorded, with_value(recorded.body, path, data.draw(_JSON)))


@pytest.mark.parametrize("provider", PROVIDERS)
@given(data=st.data())
@settings(deadline=None)
def test_no_header_makes_verification_fail_otherwise_than_by_refusing(
    provider: str, data: st.DataObject
) -> None:
    recorded = sample(provider, data.draw(st.sampled_from(names(provider))))
    subject = providers()[provider]().with_settings(recorded.settings)
    signed = subject.sign(request_of(provider, recorded.headers, recorded.raw), SECRET)
    spoiled = data.draw(st.dictionaries(st.sampled_from(sorted(signed.headers)), _TEXT))

    try:
        index = subject.verify(signed.with_headers(spoiled), [subject.verification_secret(SECRET)])
    except SignatureInvalid:
        return
    assert index == 0
