import pytest

from signalbox.http.content_encoding import preferred_encoding


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;Q=0.9, br;q=0.8", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "gzip"),
        ("*;q=0", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("br;q=many", "identity"),
        ("br;q=2", "identity"),
        ("br;level=1", "identity"),
        (",,;q=1", "identity"),
    ],
)
def test_the_encoding_is_the_one_that_the_client_prefers(accept: str, expected: str) -> None:
    assert preferred_encoding(accept, ["br", "gzip"]) == expected


def test_what_is_not_available_is_not_chosen() -> None:
    assert preferred_encoding("br, gzip;q=0.1", ["gzip"]) == "gzip"
    assert preferred_encoding("br", []) == "identity"
