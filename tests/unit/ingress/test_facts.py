import pytest

from signalbox.ingress.facts import (
    author,
    commit_id,
    host_of,
    joined,
    label_names,
    short_name,
)
from signalbox.models.event import Author

_SHA = "4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd"


def test_an_author_has_a_name_in_one_line_and_may_be_automated() -> None:
    assert author("ada\nlovelace") == Author(name="ada lovelace")
    assert author("sync", automated=True) == Author(name="sync", automated=True)


@pytest.mark.parametrize("name", [None, "", " \n"])
def test_nobody_named_is_no_author(name: str | None) -> None:
    assert author(name) is None


@pytest.mark.parametrize("text", [None, "", "\x00 "])
def test_an_empty_name_is_none(text: str | None) -> None:
    assert short_name(text) is None


def test_a_name_has_at_most_255_characters() -> None:
    assert len(short_name("x" * 999) or "") == 255


@pytest.mark.parametrize("text", [_SHA, _SHA + "0" * 24])
def test_a_full_commit_id_is_kept(text: str) -> None:
    assert commit_id(text) == text


@pytest.mark.parametrize("text", [None, "", "main", _SHA[:7], _SHA.upper(), "0" * 40, f"{_SHA}\n"])
def test_anything_else_is_no_commit_id(text: str | None) -> None:
    assert commit_id(text) is None


def test_labels_without_a_name_are_left_out_and_100_are_kept() -> None:
    assert label_names(["bug", None, "", "p: high"]) == ("bug", "p: high")
    assert len(label_names(str(number) for number in range(200))) == 100


def test_parts_are_joined_once_each() -> None:
    assert joined("CI", None, "", "CI", "Fix it") == "CI: Fix it"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Git.example.org/a", "git.example.org"),
        ("HTTP://git.example.org:3000", "git.example.org:3000"),
        ("https:///a", ""),
        ("git@example.org:a", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_host_of_a_url_is_in_lower_case_and_has_its_port(url: str | None, host: str) -> None:
    assert host_of(url) == host
