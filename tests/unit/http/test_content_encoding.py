import pytest

from signalbox.http.content_encoding import accepts_gzip


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("GZIP;Q=0.9, br;q=0.8", True),
        ("br;q=0, gzip;q=0.1", True),
        ("br, gzip;q=0.1", True),
        ("br", False),
        ("*", True),
        ("*;q=0.5, br;q=0", True),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("gzip;q=many", False),
        ("gzip;q=2", False),
        ("gzip;level=1", False),
        (",,;q=1", False),
    ],
)
def test_gzip_is_chosen_where_the_client_accepts_it(accept: str, expected: bool) -> None:  # noqa: FBT001  a column
    assert accepts_gzip(accept) is expected
