"""The bytes that a command prints, as lines of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.work.output_decoder import LineDecoder
from signalbox.models.log import LINE_LENGTH


def lines(*chunks: bytes) -> list[str]:
    decoder = LineDecoder()
    found = [line for chunk in chunks for line in decoder.feed(chunk)]
    return [*found, *decoder.close()]


def test_a_progress_bar_leaves_what_a_terminal_would_show() -> None:
    steps = [f"\rDownloading {n:3d}%".encode() for n in range(0, 101, 25)]

    assert lines(*steps, b"\n", b"fetched\r\n", b"one\r\ntwo\r\n") == [
        "Downloading 100%",
        "fetched",
        "one",
        "two",
    ]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"a\rb", ["b"]),
        (b"a\r", ["a"]),
        (b"a\r\r\n", ["a"]),
        (b"a\rb\r\n", ["b"]),
        (b"\r\n\r\n", ["", ""]),
        (b"\n", [""]),
        (b"", []),
        (b"50%\r\x1b[2K100%\n", ["100%"]),
    ],
)
def test_a_carriage_return_starts_the_line_again(data: bytes, shown: list[str]) -> None:
    assert lines(data) == shown
    assert lines(*(bytes([byte]) for byte in data)) == shown


def test_a_line_that_has_not_ended_is_known() -> None:
    decoder = LineDecoder()

    assert list(decoder.feed(b"done\n0% 10% 2")) == ["done"]
    assert decoder.unfinished == "0% 10% 2"
    assert list(decoder.feed(b"0%\r")) == []
    assert decoder.unfinished == "0% 10% 20%"
    assert list(decoder.feed(b"\n")) == ["0% 10% 20%"]
    assert decoder.unfinished == ""


@pytest.mark.parametrize("size", [1, 2, 3, 1_000, 4_000, 100_000])
def test_no_character_is_torn_wherever_the_bytes_are_cut(size: int) -> None:
    text = "x" * (LINE_LENGTH - 1) + "é" + "日本語テスト" * 1_000 + "🚀"
    data = text.encode()

    found = lines(*(data[start : start + size] for start in range(0, len(data), size)))

    assert "".join(found) == text
    assert max(map(len, found)) == LINE_LENGTH


def test_a_line_of_the_greatest_length_is_one_line() -> None:
    assert lines(b"x" * LINE_LENGTH, b"\r\n") == ["x" * LINE_LENGTH]


def test_bytes_that_are_no_text_are_replaced_also_at_the_end() -> None:
    assert lines(b"\xff\xfe bad\n", "é".encode()[:1]) == ["\ufffd\ufffd bad", "\ufffd"]


def test_a_line_that_never_ends_is_not_kept_in_memory() -> None:
    decoder = LineDecoder()
    for _ in range(100):
        for _line in decoder.feed(b"x" * 10_000):
            pass
        for _line in decoder.feed(b"\r50%" * 10_000):
            pass

        assert len(decoder.unfinished) <= LINE_LENGTH + 1


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"])), st.data())
def test_what_is_printed_is_what_is_read(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    cut = data.draw(st.integers(0, len(raw)))

    assert "".join(lines(raw[:cut], raw[cut:])).rstrip() == text.rstrip()
