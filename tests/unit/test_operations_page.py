"""The table of alarms in docs/operations.md is that of the template."""

from fnmatch import fnmatchcase
from typing import Final

import pytest
from pydantic import JsonValue

from cli.target import PROJECT
from tests.integration.template import Alarm, template

ALARMS: Final = template().of_type("AWS::CloudWatch::Alarm")
UNITS: Final = {"IteratorAge": " ms"}
OFTEN: Final = {1: "", 2: ", twice"}


def table() -> dict[str, str]:
    """Above what an alarm rings, by its name; that of several begins with `…`."""
    page = (PROJECT / "docs" / "operations.md").read_text()
    section = page.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    lines = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    return {name.strip(" `"): above.strip().replace("`", "") for name, above in lines}


TABLE: Final = table()


def row_of(alarm: str) -> str:
    """The one row that speaks of this alarm; its own goes before one for several."""
    if alarm in TABLE:
        return alarm
    (row,) = (name for name in TABLE if fnmatchcase(alarm, name.replace("…", "*")))
    return row


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_has_a_row_and_rings_as_the_row_says(name: str) -> None:
    alarm = Alarm.of(ALARMS[name])
    (period,) = {watched.period for watched in alarm.watched}
    unit = UNITS.get(alarm.watched[0].metric.metric_name, "")

    rings = (
        f"{_named(alarm.threshold)}{unit} in {period // 60} min{OFTEN[alarm.evaluation_periods]}"
    )

    assert TABLE[row_of(name)] == rings


def test_every_row_speaks_of_an_alarm() -> None:
    assert {row_of(name) for name in ALARMS} == set(TABLE)


def _named(threshold: JsonValue) -> JsonValue:
    """A number, or the parameter that says it."""
    return threshold["Ref"] if isinstance(threshold, dict) else threshold
