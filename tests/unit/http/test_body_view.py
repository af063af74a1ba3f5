import pytest

from signalbox.http.body_view import Encoding, body_view
from tests.samples import names, sample


def test_a_text_is_shown_as_it_is() -> None:
    view = body_view('{"a": "é"}\r\n'.encode())

    assert (view.encoding, view.content) == (Encoding.TEXT, '{"a": "é"}\r\n')
    assert not view.masked
    assert not view.truncated


@pytest.mark.parametrize("body", [b"\xff", b"a\x00b", b"\x1b[31m", b"caf\xc3"])
def test_what_is_no_text_is_shown_in_base64(body: bytes) -> None:
    assert body_view(body).encoding is Encoding.BASE64


def test_a_secret_in_a_text_is_masked() -> None:
    view = body_view(b'{"token": "a secret of Slack"}')

    assert (view.content, view.masked) == ('{"token": "[masked]"}', True)


@pytest.mark.parametrize("ends", range(4))
def test_a_long_text_is_cut_between_characters(ends: int) -> None:
    body = b"x" * (999_997 + ends) + "漢字".encode()

    view = body_view(body)

    assert (view.encoding, view.truncated) == (Encoding.TEXT, True)
    assert set(view.content) <= {"x", "漢"}


def test_the_end_of_a_long_body_does_not_count_where_it_is_no_text() -> None:
    assert body_view(b"x" * 1_000_000 + b"\xff").encoding is Encoding.TEXT
    assert body_view(b"\xff" + b"x" * 1_000_000).encoding is Encoding.BASE64


@pytest.mark.parametrize("name", names("slack"))
def test_the_credentials_of_an_interaction_are_masked(name: str) -> None:
    view = body_view(sample("slack", name).raw)

    assert "aaaaaaaaaaaa" not in view.content
    assert "2152510693" not in view.content
    assert "Jhj5dZrVaK7ZwHHjRyZWjbDl" not in view.content
