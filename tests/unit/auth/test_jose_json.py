"""The JSON and the base64 of tokens are read in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.auth.jose_json import base64url_decode, parse_object
from tests.fakes.tokens import packed


@given(st.binary(min_size=1, max_size=100))
def test_bytes_come_back_as_they_were(raw: bytes) -> None:
    assert base64url_decode(packed(raw)) == raw


@pytest.mark.parametrize("text", ["", "A", "AA==", "AB", "AAB", "AAAAA", "A+", "A/", "A A", "é"])
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        base64url_decode(text)


@pytest.mark.parametrize(
    "text", ["", "[]", "1", "null", '{"a":1,"a":1}', '{"a":{"b":1,"b":2}}', '{"a":NaN}', "\udcff"]
)
def test_what_is_no_plain_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_object(text.encode("utf-8", "surrogateescape"))
