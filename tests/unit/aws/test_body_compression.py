"""Bodies in which names are replaced by marks come back as they were, whatever they are."""

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.aws.body_compression import (
    compress_body,
    decompress_body,
    names_marked,
    names_restored,
)
from signalbox.aws.compression import CompressedDataInvalid, compress
from tests.bench.scenarios import webhook_body

LIMIT: Final = 100_000
MARKED: Final = "bodies/github.2"

PIECES: Final = st.sampled_from(
    [
        *(
            '"full_name":"',
            '"number":',
            '"login":"',
            ',"id":',
            '"',
            "/",
            ":",
            "\\",
            '\\"',
            "{",
            "\n",
        ),
        *("octo", "octo/octo", "/octo", "12", "1", "/12/", '/12"', "a", "é"),
    ]
)
TEXTS: Final = st.lists(PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode())


@given(TEXTS)
def test_names_come_back_in_their_places(body: bytes) -> None:
    assert names_restored(names_marked(body)) == body


@given(
    st.one_of(st.binary(max_size=2_000), TEXTS), st.sampled_from([None, "bodies/github.1", MARKED])
)
def test_every_body_comes_back_as_it_was(body: bytes, dictionary: str | None) -> None:
    stored, needed = compress_body(body, dictionary)

    assert decompress_body(stored, needed, limit=LIMIT) == body


def test_a_body_that_has_a_mark_itself_is_stored_in_gzip() -> None:
    body = b'{"full_name":"a/b","url":"/a/b","odd":"\x01"}'

    stored, needed = compress_body(body, MARKED)

    assert needed is None
    assert stored == compress(body)


def test_what_was_compressed_before_there_were_marks_is_read_as_it_is() -> None:
    body = b'{"full_name":"a/b","odd":"\x01"}'

    stored = compress(body, "bodies/github.1")

    assert decompress_body(stored, "bodies/github.1", limit=LIMIT) == body


def test_what_was_compressed_with_marks_can_be_read_forever() -> None:
    stored = bytes.fromhex("78bba1ebe457ab46194a4dd44f2294a6b12cac81ad0331af0500fe7619b2")

    assert decompress_body(stored, MARKED, limit=LIMIT) == (
        b'{"full_name":"a/b","url":"https://api.github.com/repos/a/b/issues/7","number":7}'
    )


def test_a_body_that_names_make_longer_than_the_limit_is_refused() -> None:
    body = b'{"full_name":"%s","url":"%s"}' % (b"n" * 500, b"/" + b"n" * 500)
    stored, needed = compress_body(body, MARKED)

    with pytest.raises(CompressedDataInvalid, match="more than"):
        decompress_body(stored, needed, limit=900)


def test_each_person_has_a_name_of_their_own() -> None:
    persons = [
        {"login": name, "id": number, "url": f"https://api.github.com/users/{name}"}
        for name, number in (("mira", 1), ("jonas", 2))
    ]
    body = json.dumps(persons, separators=(",", ":")).encode()

    marked = names_marked(body)

    assert b"/mira" not in marked
    assert b"/jonas" not in marked
    assert names_restored(marked) == body


def test_a_comment_takes_half_of_what_it_takes_without_marks() -> None:
    body = webhook_body()

    stored, _ = compress_body(body, MARKED)

    assert len(body) > 13_000
    assert len(stored) < len(compress(body, "bodies/github.1")) / 2
