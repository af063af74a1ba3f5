"""docs/runbooks.md has a runbook for each alarm of the template, and the alarm links to it."""

import re
from typing import Final

import pytest

from cli.target import PROJECT
from tests.integration.template import template

ALARMS: Final = template().of_type("AWS::CloudWatch::Alarm")
PAGE: Final = (PROJECT / "docs" / "runbooks.md").read_text()
LINK: Final = re.compile(r"\$\{RunbooksUrl\}#(\w+)$")
PARTS: Final = ("**Means**:", "**Look**:", "**Do**:", "**Over when**")


def runbooks() -> dict[str, str]:
    """The text of each runbook by its title."""
    sections = re.split(r"^#{2,3} ", PAGE, flags=re.MULTILINE)[1:]
    named = (section.partition("\n")[::2] for section in sections)
    return {title: text for title, text in named if title.endswith("Alarm")}


RUNBOOKS: Final = runbooks()


def linked(alarm: str) -> str:
    """The runbook to which the description of an alarm links."""
    match ALARMS[alarm]["AlarmDescription"]:
        case {"Fn::Sub": str(text)} if found := LINK.search(text):
            return found[1]
        case description:
            raise AssertionError(f"{alarm} links to no runbook: {description}")


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_alarm_links_to_a_runbook_of_its_name(alarm: str) -> None:
    title = linked(alarm)

    assert title in RUNBOOKS
    assert alarm.endswith(title)


def test_the_most_specific_runbook_is_linked() -> None:
    for alarm in ALARMS:
        longest = max((title for title in RUNBOOKS if alarm.endswith(title)), key=len)
        assert linked(alarm) == longest


def test_every_runbook_has_an_alarm() -> None:
    assert {linked(alarm) for alarm in ALARMS} == set(RUNBOOKS)


@pytest.mark.parametrize("title", RUNBOOKS)
def test_every_runbook_has_an_anchor_and_all_parts_in_order(title: str) -> None:
    places = [RUNBOOKS[title].find(part) for part in PARTS]

    assert f'<a id="{title}"></a>' in RUNBOOKS[title]
    assert places == sorted(places)
    assert -1 not in places
