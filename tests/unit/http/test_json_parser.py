import time

import pytest

from signalbox.http.json_parser import parse_json
from signalbox.models.errors import PayloadInvalid


@pytest.mark.parametrize(
    "piece", ['"', '\\"', '"\\"', '"\\', '{"', '"[', '"a": ', "\\\\", '"\\u0022'], ids=repr
)
def test_hostile_text_is_refused_in_linear_time(piece: str) -> None:
    started = time.process_time()

    with pytest.raises(PayloadInvalid):
        parse_json('"' + piece * (200_000 // len(piece)))

    assert time.process_time() - started < 2, "a quadratic reader would need many seconds"


def test_brackets_in_a_text_do_not_count() -> None:
    assert parse_json('["' + "[" * 40 + '\\"{"]') == ["[" * 40 + '"{']
    with pytest.raises(PayloadInvalid, match="nested"):
        parse_json("[" * 33 + "]" * 33)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_a_body_may_be_32_levels_deep_and_no_deeper(opening: str) -> None:
    levels = opening.count("[") + opening.count("{")
    closing = "".join({"[": "]", "{": "}"}.get(each, "") for each in reversed(opening))
    count = 32 // levels

    assert parse_json(opening * count + "1" + closing * count) is not None
    with pytest.raises(PayloadInvalid, match="nested"):
        parse_json("[" + opening * count + "1" + closing * count + "]")


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert parse_json("[" + ",".join(["[]", "{}"] * 100) + "]") == [[], {}] * 100
