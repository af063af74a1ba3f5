import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.aws.compression import (
    CompressedDataInvalid,
    compress,
    decompress,
    newest_dictionary,
    pack_record,
    unpack_record,
)

LIMIT = 100_000
GITHUB = "bodies/github.1"
DICTIONARIES = st.sampled_from([None, GITHUB])


@given(st.binary(max_size=2_000), DICTIONARIES)
def test_data_comes_back_as_it_was(data: bytes, dictionary: str | None) -> None:
    assert decompress(compress(data, dictionary), dictionary, limit=LIMIT) == data


@pytest.mark.parametrize("dictionary", [None, GITHUB])
def test_the_same_data_is_stored_as_the_same_bytes(dictionary: str | None) -> None:
    assert compress(b"body", dictionary) == compress(b"body", dictionary)


def test_what_was_compressed_before_is_not_in_what_follows() -> None:
    first = compress(b"body of the first", GITHUB)
    compress(b"another body", GITHUB)

    assert compress(b"body of the first", GITHUB) == first
    assert decompress(first, GITHUB, limit=LIMIT) == b"body of the first"


def test_what_is_typical_of_a_provider_takes_little_room() -> None:
    body = b'"followers_url":"https://api.github.com/users/nina/followers","following_url":'

    assert len(compress(body, GITHUB)) < len(compress(body)) / 2


def test_what_was_compressed_with_this_dictionary_can_be_read_forever() -> None:
    stored = bytes.fromhex("78bb37e63319c3bae21091c1914daead050060ab0f57")

    body = decompress(stored, GITHUB, limit=LIMIT)

    assert body == b'{"action":"created","sender":{"type":"User"}}'


def test_a_provider_without_a_dictionary_has_none() -> None:
    assert newest_dictionary("bodies", "nobody") is None


def test_the_newest_dictionary_of_a_provider_is_taken() -> None:
    assert newest_dictionary("bodies", "github") == "bodies/github.2"


@pytest.mark.parametrize("dictionary", [None, GITHUB])
def test_a_bomb_is_not_unpacked_beyond_the_limit(dictionary: str | None) -> None:
    bomb = compress(bytes(LIMIT + 1), dictionary)

    with pytest.raises(CompressedDataInvalid, match="more than"):
        decompress(bomb, dictionary, limit=LIMIT)


@pytest.mark.parametrize("dictionary", [None, GITHUB])
def test_as_much_as_the_limit_is_unpacked(dictionary: str | None) -> None:
    assert decompress(compress(bytes(LIMIT), dictionary), dictionary, limit=LIMIT) == bytes(LIMIT)


@pytest.mark.parametrize("dictionary", [None, GITHUB])
def test_data_without_its_end_is_refused(dictionary: str | None) -> None:
    with pytest.raises(CompressedDataInvalid):
        decompress(compress(b"body" * 9, dictionary)[:-1], dictionary, limit=LIMIT)


def test_another_dictionary_is_refused() -> None:
    with pytest.raises(CompressedDataInvalid):
        decompress(compress(b"body", GITHUB), "bodies/slack.1", limit=LIMIT)


@pytest.mark.parametrize("name", ["bodies/github.999", "../../tasks", "", "bodies/../x.1"])
def test_an_unknown_dictionary_is_refused(name: str) -> None:
    with pytest.raises(CompressedDataInvalid, match="no such dictionary"):
        decompress(zlib.compress(b"body"), name, limit=LIMIT)


@given(st.text(max_size=200), st.sampled_from(["task", "summary", "notification", "delivery"]))
def test_a_record_comes_back_as_it_was(document: str, kind: str) -> None:
    stored = pack_record(kind, document)

    assert unpack_record({"B": stored}) == document.encode()


def test_a_record_in_an_event_of_a_stream_is_read_too() -> None:
    stored = b64encode(pack_record("task", '{"id":"tsk_one"}')).decode()

    assert unpack_record({"B": stored}) == b'{"id":"tsk_one"}'


def test_a_record_that_was_written_as_text_is_read_too() -> None:
    assert unpack_record({"S": '{"id":"tsk_one"}'}) == '{"id":"tsk_one"}'


def test_a_record_that_was_packed_with_this_dictionary_can_be_read_forever() -> None:
    stored = bytes.fromhex("7461736b2e310058a4991f542e23adecad050072f00fca")

    assert unpack_record({"B": stored}) == b'{"kind":"agent","title":"agent: fix the login"}'


@pytest.mark.parametrize(
    "attribute",
    [None, {}, {"N": "1"}, {"B": b""}, {"B": b"task.1"}, {"B": b"task.1\0"}, {"B": b"\xff\0x"}],
)
def test_what_is_no_record_is_refused(attribute: object) -> None:
    with pytest.raises(CompressedDataInvalid):
        unpack_record(attribute)


def test_base64_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        unpack_record({"B": "é"})
