import pytest

from signalbox.models.ids import SubscriptionId
from signalbox.models.source import Source
from signalbox.models.task import Task
from signalbox.services.ports.config import ConfigStore, HasSecret
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from tests.builders import a_connection, a_source, a_subscription, a_task, an_origin
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
        queue=FakeTaskQueue(clock),
        clock=clock,
        notify=NotifyChanges(
            notifications=notifications,
            notification_queue=FakeNotices("slack"),
            config=config,
            stack="test",
            clock=clock,
        ),
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


def replies(
    task: Task, config: ConfigStore | None = None, has_secret: HasSecret = lambda _: True
) -> list[str]:
    """The connections by which a new task answers where it came from."""
    clock = FakeClock()
    tasks, notifications = FakeTaskStore(), FakeNotificationStore()
    tasks.create(task)
    dispatch = DispatchChanges(
        tasks=tasks,
        queue=FakeTaskQueue(clock),
        clock=clock,
        notify=NotifyChanges(
            notifications=notifications,
            notification_queue=FakeNotices("github"),
            config=config or FakeConfigStore(),
            stack="test",
            has_secret=has_secret,
            clock=clock,
        ),
    )

    dispatch(task, task.history)

    return [each.connection for each in notifications.of_task(task.id)]


@pytest.mark.parametrize(("has_token", "answers"), [(True, ["reply:github/default"]), (False, [])])
def test_a_task_answers_where_it_came_from_if_its_source_has_a_token(
    has_token: bool,  # noqa: FBT001  a parameter of the test
    answers: list[str],
) -> None:
    asked = list[str]()

    def has_secret(name: str) -> bool:
        asked.append(name)
        return has_token

    made = replies(a_task(), has_secret=has_secret)

    assert made == answers
    assert asked == ["tokens/github/default"]


class Cached(FakeConfigStore):
    """Has no source in its cache until that is dropped."""

    dropped = 0

    def source(self, provider: str, name: str) -> Source | None:
        return super().source(provider, name) if self.dropped else None

    def invalidate(self) -> None:
        self.dropped += 1


def test_a_task_of_a_source_that_is_newer_than_the_cache_answers() -> None:
    config = Cached(a_source(name="new"))
    task = a_task(origin=an_origin(source="new"))

    assert replies(task, config) == ["reply:github/new"]


def test_no_cache_is_dropped_for_a_source_that_nobody_configured() -> None:
    config = Cached()

    assert replies(a_task(), config) == ["reply:github/default"]
    assert config.dropped == 0


def test_a_task_of_a_source_that_was_removed_does_not_answer() -> None:
    assert replies(a_task(origin=an_origin(source="gone"))) == []
