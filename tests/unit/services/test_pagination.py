from collections.abc import Iterator

import pytest

from signalbox.services.pagination import chunked, collect_page


def rows(count: int, every: int = 1) -> Iterator[tuple[str, int | None]]:
    """Positions `p0`, `p1`, …, of which each `every`-th holds its number."""
    for number in range(count):
        yield f"p{number}", number if number % every == 0 else None


def test_a_page_ends_behind_its_last_thing() -> None:
    page = collect_page(rows(5), 2)

    assert (page.items, page.after) == ([0, 1], "p1")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_last_page_has_none_behind_it(count: int) -> None:
    page = collect_page(rows(count), 2)

    assert (page.items, page.after) == (list(range(count)), None)


def test_what_does_not_fit_is_passed_over_and_counts() -> None:
    page = collect_page(rows(100, every=7), 2)

    assert (page.items, page.after) == ([0, 7], "p7")


def test_a_page_looks_at_ten_for_each_one_asked_for() -> None:
    page = collect_page(rows(100, every=15), 2)

    assert (page.items, page.after) == ([0, 15], "p15")
    assert collect_page(rows(100, every=50), 2).after == "p19"


def test_no_more_is_read_than_the_page_needs() -> None:
    source = rows(10)

    collect_page(source, 2)

    assert next(source) == ("p3", 3)


def test_chunks_are_the_whole() -> None:
    assert list(chunked(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunked([], 2)) == []
