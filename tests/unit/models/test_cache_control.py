import pytest

from signalbox.models.cache_control import parse_cache_control, seconds_of


def test_directives_of_several_fields_are_one_list() -> None:
    found = parse_cache_control(['Max-Age=60, private="set-cookie, x"', "no-store , s-maxage=5"])

    assert found == {"max-age": "60", "private": "set-cookie, x", "no-store": "", "s-maxage": "5"}


def test_a_directive_in_a_quoted_text_is_none() -> None:
    assert parse_cache_control(['x="public, max-age=60"']) == {"x": "public, max-age=60"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("max-age=60", 60),
        ('max-age="60"', 60),
        ("max-age=60, max-age=1", 60),
        ("max-age", 0),
        ("max-age=-1", 0),
        ("max-age=1e9", 0),
        ("max-age=²", 0),
        ("max-age=99999999999", 0),
        ("s-maxage=60", None),
        ("", None),
    ],
)
def test_seconds_that_are_no_number_are_none(text: str, seconds: int | None) -> None:
    assert seconds_of(parse_cache_control([text]), "max-age") == seconds
