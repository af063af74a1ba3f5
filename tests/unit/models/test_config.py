import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signalbox.models.change import change_for
from signalbox.models.connection import Connection
from signalbox.models.source import Source, pattern_matches
from signalbox.models.subscription import Subscription, subscription_matches
from signalbox.models.task import ChangeType, Priority, Task, TaskStatus
from tests.builders import a_change, a_connection, a_source, a_subscription, a_task, an_origin, held


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("octo/*", "octo/hello", True),
        ("octo/*", "octopus/hello", False),
        ("OCTO/Hello", "octo/hello", True),
        ("*", "", True),
        ("issues.*", "issues.opened", True),
        ("issues.*", "issuesXopened", False),
        ("issues", "issues.opened", False),
        ("dependabot[bot]", "dependabot[bot]", True),
        ("*[bot]", "renovate[bot]", True),
        ("[ab]", "a", False),
        ("a?c", "abc", False),
        ("a?c", "a?c", True),
        ("a\\*", "a\\b", True),
    ],
)
def test_only_a_star_stands_for_anything(pattern: str, text: str, *, fits: bool) -> None:
    assert pattern_matches((pattern,), text) is fits


def test_no_pattern_fits_everything_and_one_of_several_is_enough() -> None:
    assert pattern_matches((), "anything")
    assert pattern_matches(("a", "b"), "b")
    assert not pattern_matches(("a", "b"), "c")


@given(st.text(max_size=20))
def test_a_text_fits_itself_whatever_it_holds(text: str) -> None:
    assert pattern_matches((text,), text)


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not pattern_matches(("*a" * 100,), "a" * 5_000 + "b")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"changes": (ChangeType.CREATED,)}, True),
        ({"changes": (ChangeType.FAILED,)}, False),
        ({"changes": ()}, False),
        ({"providers": ("git*",)}, True),
        ({"providers": ("jira",)}, False),
        ({"repositories": ("octo/*",)}, True),
        ({"repositories": ("other/*",)}, False),
        ({"kinds": ("fix",)}, True),
        ({"kinds": ("deploy",)}, False),
        ({"statuses": (TaskStatus.PENDING, TaskStatus.FAILED)}, True),
        ({"statuses": (TaskStatus.FAILED,)}, False),
        ({"priorities": (Priority.NORMAL,)}, True),
        ({"priorities": (Priority.HIGH, Priority.LOW)}, False),
        ({"labels": ("ui", "b*")}, True),
        ({"labels": ("ui",)}, False),
    ],
)
def test_a_subscription_takes_what_passes_all_its_filters(
    filters: dict[str, object], *, expected: bool
) -> None:
    assert subscription_matches(a_subscription(**filters), a_change()) is expected


def test_a_task_without_a_repository_passes_no_filter_of_repositories() -> None:
    change = a_change(a_task(repository=None, origin=an_origin(provider="api")))

    assert not subscription_matches(a_subscription(repositories=("octo/*",)), change)
    assert subscription_matches(a_subscription(repositories=("*",)), change)


def test_a_subscription_tells_the_steps_of_a_task_apart() -> None:
    task: Task = held(a_task())
    created, started = task.history
    only_started = a_subscription(changes=(ChangeType.STARTED,))

    expected = [
        subscription_matches(only_started, change_for(task, step, "s"))
        for step in (created, started)
    ]

    assert expected == [False, True]


@pytest.mark.parametrize(
    "thing",
    [
        a_source(name="mine", events=("issues.*",), bots=("renovate[bot]",)),
        a_connection(settings={"a": [1, 2.5, None, {"b": True}]}),
        a_subscription(statuses=(TaskStatus.FAILED,)),
    ],
)
def test_what_is_configured_survives_its_journey_through_json(
    thing: Source | Connection | Subscription,
) -> None:
    assert type(thing).model_validate_json(thing.model_dump_json()) == thing


@pytest.mark.parametrize("name", ["", "Upper", "with space", "a/b", "x" * 64, "new\nline"])
def test_names_are_such_as_may_stand_in_a_path(name: str) -> None:
    with pytest.raises(ValidationError):
        a_source(name=name)
    with pytest.raises(ValidationError):
        a_connection(id=name)
    with pytest.raises(ValidationError):
        a_subscription(id=name)
