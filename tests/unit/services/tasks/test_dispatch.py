import pytest

from signalbox.models.ids import SubscriptionId
from signalbox.services.tasks.dispatch import DispatchChanges
from tests.builders import a_connection, a_subscription, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeNotificationStore, FakeTaskStore


def texts(*subscriptions: dict[str, object]) -> list[str | None]:
    """The messages of the notifications that a new task makes for these subscriptions."""
    clock = FakeClock()
    tasks, notifications = FakeTaskStore(), FakeNotificationStore()
    task = a_task(title="Fix the login")
    tasks.create(task)
    config = FakeConfigStore(
        a_connection(),
        *(
            a_subscription(id=SubscriptionId(f"sub-{number}"), **fields)
            for number, fields in enumerate(subscriptions)
        ),
    )
    dispatch = DispatchChanges(
        tasks=tasks,
        notifications=notifications,
        queue=FakeTaskQueue(clock),
        notification_queue=FakeNotices("slack"),
        config=config,
        clock=clock,
        stack="test",
    )

    dispatch(task, task.history)

    return [notification.text for notification in notifications.of_task(task.id)]


def test_without_a_template_the_connector_writes_the_message() -> None:
    assert texts({}) == [None]


def test_the_template_of_a_subscription_makes_the_message() -> None:
    assert texts({"template": "{{ change }}: {{ title }}"}) == ["created: Fix the login"]


def test_the_first_template_counts_where_several_subscriptions_select_a_change() -> None:
    assert texts({}, {"template": "one"}, {"template": "two"}) == ["one"]


def test_a_template_that_cannot_be_used_loses_no_notification() -> None:
    assert texts({"template": "{{ removed_field }}"}) == [None]


@pytest.mark.parametrize(("has_token", "answers"), [(True, ["reply:github/default"]), (False, [])])
def test_a_task_answers_where_it_came_from_if_its_source_has_a_token(
    has_token: bool,  # noqa: FBT001  a parameter of the test
    answers: list[str],
) -> None:
    clock, asked = FakeClock(), list[str]()
    tasks, notifications = FakeTaskStore(), FakeNotificationStore()
    task = a_task()
    tasks.create(task)

    def has_secret(name: str) -> bool:
        asked.append(name)
        return has_token

    dispatch = DispatchChanges(
        tasks=tasks,
        notifications=notifications,
        queue=FakeTaskQueue(clock),
        notification_queue=FakeNotices("github"),
        config=FakeConfigStore(),
        clock=clock,
        stack="test",
        has_secret=has_secret,
    )

    dispatch(task, task.history)

    assert [each.connection for each in notifications.of_task(task.id)] == answers
    assert asked == ["tokens/github/default"]
