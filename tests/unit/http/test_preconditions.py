from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.http.preconditions import if_match, not_modified, optional_if_match, task_etag
from signalbox.models.errors import PayloadInvalid, PreconditionRequired
from tests.builders import a_task, held


def test_the_tag_of_a_task_is_its_version() -> None:
    assert task_etag(a_task(version=7)) == '"v7"'


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        ('"v1"', {1}),
        (' "v1" , "v22"', {1, 22}),
        ('W/"v1"', set()),
        ('"something", "v3"', {3}),
        ('"v01"', set()),
        ('"v0"', set()),
        ('""', set()),
    ],
)
def test_if_match_names_versions_by_strong_tags(header: str, versions: set[int]) -> None:
    assert if_match(header) == frozenset(versions)


def test_a_star_takes_any_version() -> None:
    assert if_match(" * ") is None


def test_no_if_match_is_refused_unless_it_may_be_missing() -> None:
    with pytest.raises(PreconditionRequired):
        if_match(None)
    assert optional_if_match(None) is None
    assert optional_if_match('"v1"') == frozenset({1})


@pytest.mark.parametrize("header", ["", "v1", '"v1', '"v1",', '"v1" "v2"', '"v1", *', 'w/"v1"'])
def test_a_malformed_tag_is_refused(header: str) -> None:
    with pytest.raises(PayloadInvalid):
        if_match(header)


@given(st.text(max_size=30))
def test_odd_headers_end_in_our_errors(header: str) -> None:
    for read in (if_match, lambda text: not_modified(a_task(), text)):
        with suppress(PayloadInvalid):
            read(header)


@pytest.mark.parametrize("header", ['"v1"', 'W/"v1"', "*", '"v2", "v1"'])
def test_who_has_the_version_has_the_task(header: str) -> None:
    assert not_modified(a_task(), header)


@pytest.mark.parametrize("header", [None, '"v2"', '"else"'])
def test_who_has_another_version_has_it_not(header: str | None) -> None:
    assert not not_modified(a_task(), header)


def test_a_running_task_is_always_news_as_its_progress_is_no_version() -> None:
    assert not not_modified(held(a_task()), '"v2"')
