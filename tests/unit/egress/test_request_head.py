import pytest

from signalbox.egress.request_head import checked_headers, request_target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", "/"),
        ("https://example.com?a=1", "/?a=1"),
        ("https://example.com/a/b?c=d&e=f#g", "/a/b?c=d&e=f"),
        ("https://example.com/a?", "/a"),
        ("https://example.com#/a", "/"),
        ("https://example.com/a?b=https://other.example/?c", "/a?b=https://other.example/?c"),
        ("https://example.com//a", "//a"),
    ],
)
def test_a_target_is_path_and_query(url: str, target: str) -> None:
    assert request_target(url) == target


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/a b", "/a%20b"),
        ("/\u00e9", "/%C3%A9"),
        ("/a\r\nHost: b", "/a%0D%0AHost:%20b"),
        ("/a%20b", "/a%20b"),
        ("/100%", "/100%25"),
        ("/%zz%41", "/%25zz%41"),
        ("/?[a]=\\", "/?%5Ba%5D=%5C"),
    ],
)
def test_what_a_target_cannot_have_is_encoded(path: str, target: str) -> None:
    assert request_target(f"https://example.com{path}") == target


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/a/../b", "/b"),
        ("/a/./b/.", "/a/b/"),
        ("/a/..", "/"),
        ("/../../a", "/a"),
        ("/a?b=/../c", "/a?b=/../c"),
    ],
)
def test_a_target_has_no_dot_segments(path: str, target: str) -> None:
    assert request_target(f"https://example.com{path}") == target


def test_the_last_of_two_headers_with_one_name_is_sent() -> None:
    headers = {"User-Agent": "signalbox", "Accept": "*/*", "user-agent": "other"}

    assert checked_headers(headers) == {"user-agent": "other", "Accept": "*/*"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "1\r\nX-B: 2"),
        ("X-A", "1\n"),
        ("X-A", " 1"),
        ("X-A", "1\x00"),
        ("X-A", "\u6f22"),
        ("X-A\r\nX-B", "1"),
        ("X A", "1"),
        ("", "1"),
        ("X-A:", "1"),
    ],
)
def test_a_header_that_no_request_can_have_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"header|codec"):
        checked_headers({name: value})


def test_a_value_may_be_empty_and_have_tabs_and_spaces_within() -> None:
    headers = {"X-A": "", "X-B": "a\tb c", "X-C": "caf\u00e9"}

    assert checked_headers(headers) == headers
