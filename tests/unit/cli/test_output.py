import json
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO

import pytest
from pydantic import BaseModel

from cli.output import Output, format_time, strip_controls


class Fruit(BaseModel):
    name: str
    price: int


APPLE = Fruit(name="apple [bold]", price=3)
COLUMNS = {"Name": lambda fruit: fruit.name, "Price": lambda fruit: str(fruit.price)}


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mred\x1b[0m",
        "\x1b]0;a title\x07red",
        "\x1b]8;;https://example.com\x1b\\red\x1b]8;;\x1b\\",
        "r\x08e\x00d\x9b",
        "\u202ered\u202c",
        "red\r",
    ],
)
def test_foreign_text_cannot_steer_the_terminal(text: str) -> None:
    assert strip_controls(text) == "red"


def test_lines_and_tabs_stay() -> None:
    assert strip_controls("a\tb\nc") == "a\tb\nc"


def test_a_table_shows_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Output().rows([APPLE], COLUMNS)

    assert capsys.readouterr().out.split() == ["Name", "Price", "apple", "[bold]", "3"]


def test_rows_for_programs_are_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).rows([APPLE], COLUMNS)

    assert json.loads(capsys.readouterr().out) == [{"name": "apple [bold]", "price": 3}]


def test_facts_that_are_empty_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    Output().one(APPLE, {"Name": "apple", "Colour": ""})

    assert capsys.readouterr().out.split() == ["Name", "apple"]


def test_a_line_is_written_at_once_so_that_those_of_two_threads_do_not_mix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []

    class Recorder(StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return super().write(text)

    monkeypatch.setattr("sys.stdout", Recorder())

    Output().line(APPLE, "an apple")

    assert [text for text in written if text] == ["an apple\n"]


def test_lines_for_programs_are_an_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).line(APPLE, "an apple")
    Output(json=True).line(APPLE, "an apple")

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["price"] for line in lines] == [3, 3]


def test_notes_are_kept_from_programs(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).note("by the way")

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "by the way\n")


def test_moments_are_in_utc() -> None:
    there = timezone(timedelta(hours=2))

    assert format_time(datetime(2026, 3, 1, 14, 0, 9, tzinfo=there)) == "2026-03-01 12:00:09"
    assert format_time(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01 00:00:00"
    assert format_time(None) == ""
