import pytest

from signalbox.models.config import Subscription
from signalbox.services.config.rules import rule_violations
from signalbox.services.notifications.selection import selecting
from tests.builders import a_change, a_subscription, a_task


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
