import re
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.text import one_line, web_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fix the login", "Fix the login"),
        ("  Fix\r\n\tthe  login\x00 ", "Fix the login"),
        ("Fix \u202eeht\u202c login", "Fix eht login"),
        ("one\u2028two\u0085three\x1b[31m", "one two three [31m"),
        ("a lone \ud800 surrogate", "a lone surrogate"),
        ("Größe 猫 👩‍💻", "Größe 猫 👩‍💻"),
        ("\n", ""),
        ("", ""),
    ],
)
def test_a_title_stands_in_one_line(text: str, expected: str) -> None:
    assert one_line(text) == expected


@given(st.text(st.sampled_from(" ab~\x7f\x1fß"), max_size=8))
def test_blanks_become_one_space_in_any_text(text: str) -> None:
    assert one_line(text) == re.sub("[\x00-\x20\x7f]+", " ", text).strip()


def test_a_long_title_ends_in_an_ellipsis() -> None:
    assert one_line("ab cd ef", 6) == "ab cd…"
    assert one_line("x" * 200) == "x" * 200
    assert one_line("x" * 201) == "x" * 199 + "…"


@given(text=st.text(st.characters(codec=None, exclude_categories=())), limit=st.integers(1, 50))
def test_any_text_becomes_one_short_line_that_can_be_sent(text: str, limit: int) -> None:
    line = one_line(text, limit)

    assert len(line) <= limit
    assert line == line.strip()
    assert not {"Cc", "Cs", "Zl", "Zp"} & set(map(category, line))


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo-org/railway/issues/42#issuecomment-1",
        "http://ghes.example:8443/a?b=c&d=%20",
        "HTTPS://github.com",
    ],
)
def test_a_web_url_is_taken_as_it_is(url: str) -> None:
    assert web_url(url) == url


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "github.com",
        "//github.com",
        "ftp://github.com",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        " https://github.com",
        "https://github.com\n",
        "https://github.com/a b",
        "https://github.com/<script>",
        "https://github.com/a|b",
        'https://github.com/"',
        f"https://github.com/{'a' * 2_000}",
    ],
)
def test_anything_else_is_no_url(text: str | None) -> None:
    assert web_url(text) is None
