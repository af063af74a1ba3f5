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
