from datetime import UTC, datetime

import pytest

from signalbox.models.subscription import Subscription
from signalbox.models.task import ChangeType, Priority
from signalbox.services.config.rules import rule_violations
from signalbox.services.notifications.selection import quiet_until, selecting
from tests.builders import a_change, a_subscription, a_task

MIDNIGHT = datetime(2026, 11, 28, tzinfo=UTC)
MORNING = datetime(2026, 11, 28, 7, tzinfo=UTC)
NIGHT = {"from": "22:00", "to": "07:00"}


def selects(when: str | None) -> bool:
    subscription: Subscription = a_subscription(when=when)
    change = a_change(a_task(title="Fix the login", labels=("urgent",)))
    return selecting([subscription], change) == [subscription]


@pytest.mark.parametrize(
    "when",
    [
        None,
        "type == 'signalbox.task.created'",
        "data.title == 'Fix the login' && contains(data.labels, 'urgent')",
        "data.attempt < `2`",
    ],
)
def test_a_change_is_selected_if_the_expression_is_true(when: str | None) -> None:
    assert selects(when)


@pytest.mark.parametrize("when", ["data.result", "contains(data.labels, 'other')", "`false`"])
def test_a_change_is_left_out_if_the_expression_is_not_true(when: str) -> None:
    assert not selects(when)


@pytest.mark.parametrize("when", ["length(data.result) > `1`", "data.title ==", "a(b"])
def test_an_expression_that_fails_selects_the_change(when: str) -> None:
    assert selects(when)


def test_an_expression_selects_nothing_that_the_filters_leave_out() -> None:
    subscription = a_subscription(when="`true`", labels=("other",))

    assert selecting([subscription], a_change()) == []


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("data.title ==", "is no JMESPath expression, at character 14"),
        ("lower(data.title)", "calls lower(), which JMESPath does not have"),
        ("title == 'a'", 'names "title", which no change has; is it data.title?'),
        ("data.titel == 'a'", 'did you mean "title"?'),
        ("!data.result", "write !(a.b)"),
    ],
)
def test_an_expression_that_can_never_be_meant_is_refused(when: str, reason: str) -> None:
    [violation] = rule_violations(a_subscription(when=when), {})

    assert violation.path == "when"
    assert reason in violation.reason


def test_a_time_zone_that_nobody_knows_is_refused() -> None:
    subscription = a_subscription(quiet_hours=NIGHT | {"timezone": "Europe/Berlyn"})

    [violation] = rule_violations(subscription, {})

    assert violation.path == "quiet_hours.timezone"


@pytest.mark.parametrize(
    ("subscriptions", "until"),
    [
        ([], None),
        ([{}], None),
        ([{"quiet_hours": NIGHT}], MORNING),
        ([{"quiet_hours": NIGHT}, {}], None),
        ([{"quiet_hours": NIGHT}, {"quiet_hours": NIGHT | {"to": "09:00"}}], MORNING),
        ([{"quiet_hours": NIGHT | {"timezone": "removed/zone"}}], None),
        ([{"quiet_hours": NIGHT | {"except": (ChangeType.CREATED,)}}], None),
        ([{"quiet_hours": NIGHT | {"except": (Priority.NORMAL,)}}], None),
        ([{"quiet_hours": NIGHT | {"except": (Priority.HIGH, ChangeType.FAILED)}}], MORNING),
    ],
)
def test_a_message_waits_as_long_as_every_subscription_is_quiet(
    subscriptions: list[dict[str, object]], until: datetime | None
) -> None:
    selected = [a_subscription(**fields) for fields in subscriptions]

    assert quiet_until(selected, a_change(), MIDNIGHT) == until
