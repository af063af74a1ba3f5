import pytest

from signalbox.models.hops import HOPS_HEADER, MAX_HOPS, read_hops


@pytest.mark.parametrize(
    ("text", "hops"),
    [("0", 0), ("3", 3), (" 2 ", 2), ("007", 7), ("999", 999)],
)
def test_the_number_is_read(text: str, hops: int) -> None:
    assert read_hops({HOPS_HEADER: text}) == hops


def test_others_send_none() -> None:
    assert read_hops({}) == 0


@pytest.mark.parametrize("text", ["", "-1", "x", "1.5", "٣", "9" * 5_000])
def test_what_is_no_number_counts_as_too_many(text: str) -> None:
    assert read_hops({HOPS_HEADER: text}) > MAX_HOPS
