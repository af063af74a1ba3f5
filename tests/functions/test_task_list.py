"""Lists of tasks: what each filter takes, alone and with others, page by page."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain, product

import pytest
from pydantic import JsonValue

from signalbox.models.task import Priority, Task
from tests.builders import NOW, a_task, an_origin, held
from tests.functions.system import System

TASKS = "/api/v1/tasks"

Fits = Callable[[Task], bool]


def second(task: Task) -> int:
    return int((task.created_at - NOW).total_seconds())


FILTERS: dict[str, Fits] = {
    "": lambda _: True,
    "status=running": lambda task: task.status == "running",
    "provider=github": lambda task: task.origin.provider == "github",
    "provider=nobody": lambda _: False,
    "repository=octo/hello": lambda task: task.repository == "octo/hello",
    "repository=octo": lambda _: False,
    "priority=low": lambda task: task.priority == "low",
    "since=2026-03-01T12:00:05Z": lambda task: second(task) >= 5,
    "until=2026-03-01T12:00:05Z": lambda task: second(task) < 5,
    "since=2026-03-01T12:00:05Z&until=2026-03-01T12:00:08Z": lambda task: 5 <= second(task) < 8,
    "since=2026-03-01T12:00:05Z&until=2026-03-01T12:00:05Z": lambda _: False,
    "since=2026-03-01T13:00:05%2B01:00": lambda task: second(task) >= 5,
    "status=pending&provider=github&priority=high&repository=octo/hello"
    "&since=2026-03-01T12:00:00Z&until=2026-03-01T12:00:09Z": lambda task: (
        task.status == "pending"
        and task.origin.provider == "github"
        and task.priority == "high"
        and task.repository == "octo/hello"
        and second(task) < 9
    ),
}


def created(system: System, task: Task) -> Task:
    assert system.wiring.tasks.create(task)
    return task


def all_sorts(system: System) -> list[Task]:
    """Tasks of every sort, newest first; every two are made at the same moment."""
    sorts = product(("github", "api"), ("octo/hello", "octo/other"), Priority, (False, True))
    made = []
    for number, (provider, repository, priority, taken) in enumerate(sorts):
        task = a_task(
            origin=an_origin(provider=provider),
            repository=repository,
            priority=priority,
            created_at=NOW + timedelta(seconds=number // 2 % 12),
        )
        made.append(created(system, held(task) if taken else task))
    return sorted(made, key=lambda task: (task.created_at, task.id), reverse=True)


def pages(system: System, query: str, limit: int) -> list[list[JsonValue]]:
    """The ids on each page, until there is none behind."""
    key, cursor, found = system.key("viewer"), "", []
    for _ in range(60):
        page = system.ask("GET", f"{TASKS}?limit={limit}&{query}{cursor}", key=key)
        assert page.status == 200, page.text
        found.append([task["id"] for task in page.items])
        if page.json_body["next"] is None:
            return found
        cursor = f"&cursor={page.word('next')}"
    raise AssertionError("the list does not end")


def listed(system: System, query: str, limit: int) -> list[JsonValue]:
    """The ids on all pages."""
    return list(chain.from_iterable(pages(system, query, limit)))


@pytest.mark.parametrize("query", FILTERS)
def test_a_filter_takes_what_fits_once_and_in_order_over_all_pages(
    system: System, query: str
) -> None:
    made = all_sorts(system)

    found = listed(system, query, 2)

    assert found == [task.id for task in made if FILTERS[query](task)]


@pytest.mark.parametrize("limit", [1, 7, 24, 100])
def test_pages_of_any_size_hold_the_same(system: System, limit: int) -> None:
    made = all_sorts(system)

    found = listed(system, "", limit)

    assert found == [task.id for task in made]


def test_no_page_holds_more_than_its_limit(system: System) -> None:
    all_sorts(system)

    found = pages(system, "provider=github", 5)

    assert max(map(len, found)) == 5


def test_what_stands_behind_many_others_is_found(system: System) -> None:
    expected = created(system, a_task(repository="octo/rare"))
    for number in range(1, 26):
        created(system, a_task(created_at=NOW + timedelta(seconds=number)))

    found = listed(system, "repository=octo/rare", 1)

    assert found == [expected.id]


def test_the_borders_are_exact_to_the_microsecond(system: System) -> None:
    before, at, behind = (
        created(system, a_task(created_at=NOW + timedelta(microseconds=number))).id
        for number in (4, 5, 6)
    )
    border = "2026-03-01T12:00:00.000005Z"

    since, until = (listed(system, f"{word}={border}", 2) for word in ("since", "until"))

    assert (since, until) == ([behind, at], [before])


def test_a_task_that_is_made_between_two_pages_moves_nothing(system: System) -> None:
    made = all_sorts(system)
    key = system.key("viewer")
    query = f"{TASKS}?limit=5&provider=github"
    first = system.ask("GET", query, key=key)
    created(system, a_task(created_at=NOW + timedelta(minutes=1)))

    second = system.ask("GET", f"{query}&cursor={first.word('next')}", key=key)

    fitting = [task.id for task in made if task.origin.provider == "github"]
    assert [task["id"] for task in first.items + second.items] == fitting[:10]
