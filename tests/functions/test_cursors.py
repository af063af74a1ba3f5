"""A cursor holds for a day, for one list, one filter and one limit."""

from collections.abc import Iterator, Mapping

import pytest
from pydantic import JsonValue

from tests.builders import a_delivery
from tests.functions.system import ApiResponse, System
from tests.functions.test_queue_control import dead, lost

TASKS = "/api/v1/tasks"
REDRIVE = "/api/v1/queue/redrive"
LISTS = (
    TASKS,
    "/api/v1/deliveries",
    "/api/v1/notifications",
    "/api/v1/queue/dead-letters",
    "/api/v1/audit",
)


def asked(system: System, path: str, **query: str | int) -> ApiResponse:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return system.ask("GET", f"{path}?{words}", key=system.key("admin"))


def filled(system: System) -> None:
    """Puts two things at least into each list."""
    for _ in range(2):
        dead(system)
        lost(system)
        system.wiring.deliveries.create(a_delivery(), b"{}")
        system.ask("POST", TASKS, {"title": "Tidy up"}, key=system.key("admin"))


def cursors(system: System) -> Iterator[tuple[str, str]]:
    """The cursor of the second page of each list."""
    for path in LISTS:
        yield path, asked(system, path, limit=1).word("next")


def of_tasks(system: System, **query: str | int) -> str:
    """The cursor of the second page of a list of tasks."""
    filled(system)
    return asked(system, TASKS, **query).word("next")


def test_a_cursor_can_be_used_for_a_day(system: System) -> None:
    cursor = of_tasks(system, limit=1)
    system.clock.advance(seconds=86_399)

    assert asked(system, TASKS, limit=1, cursor=cursor).status == 200


def test_a_cursor_that_is_older_than_a_day_is_refused(system: System) -> None:
    cursor = of_tasks(system, limit=1)
    system.clock.advance(seconds=86_401)

    answer = asked(system, TASKS, limit=1, cursor=cursor)

    assert (answer.status, answer.word("code")) == (400, "payload_invalid")


def test_a_cursor_can_be_used_again(system: System) -> None:
    cursor = of_tasks(system, limit=1)

    first, second = (asked(system, TASKS, limit=1, cursor=cursor).items for _ in range(2))

    assert first == second


def test_a_cursor_is_refused_under_another_limit(system: System) -> None:
    filled(system)

    statuses = {
        path: tuple(asked(system, path, limit=each, cursor=cursor).status for each in (1, 2, 50))
        for path, cursor in cursors(system)
    }

    assert statuses == dict.fromkeys(LISTS, (200, 400, 400))


def test_a_cursor_is_refused_by_every_other_list(system: System) -> None:
    filled(system)
    made = dict(cursors(system))

    taken = {
        (of, at)
        for of, cursor in made.items()
        for at in LISTS
        if asked(system, at, limit=1, cursor=cursor).status != 400
    }

    assert taken == {(path, path) for path in LISTS}


def test_a_cursor_of_a_list_redrives_nothing(system: System) -> None:
    filled(system)
    key = system.key("operator")

    for path, cursor in cursors(system):
        body: dict[str, JsonValue] = {"kind": "task", "limit": 1, "cursor": cursor}
        assert system.ask("POST", REDRIVE, body, key=key).status == 400, path


OF_ANOTHER_FILTER: tuple[tuple[str, Mapping[str, str]], ...] = (
    (TASKS, {"provider": "github"}),
    (TASKS, {"repository": "octo/hello"}),
    (TASKS, {"priority": "normal"}),
    (TASKS, {"since": "2026-03-01T12:00:00Z"}),
    (TASKS, {"until": "2026-03-01T13:00:00Z"}),
    ("/api/v1/deliveries", {"provider": "github"}),
    ("/api/v1/deliveries", {"since": "2026-03-01T12:00:00Z"}),
    ("/api/v1/notifications", {"connection": "team-slack"}),
    ("/api/v1/queue/dead-letters", {"kind": "task"}),
    ("/api/v1/audit", {"since": "2026-03-01"}),
    ("/api/v1/audit", {"actor": "key"}),
)


@pytest.mark.parametrize(("path", "more"), OF_ANOTHER_FILTER)
def test_a_cursor_is_refused_under_another_filter(
    system: System, path: str, more: Mapping[str, str]
) -> None:
    filled(system)
    plain, filtered = (asked(system, path, limit=1, **each).word("next") for each in ({}, more))

    statuses = [
        asked(system, path, limit=1, **query, cursor=cursor).status
        for query in ({}, more)
        for cursor in (plain, filtered)
    ]

    assert statuses == [200, 400, 400, 200]


@pytest.mark.parametrize("place", [0, 30, -5])
def test_a_cursor_that_was_tampered_with_is_refused(system: System, place: int) -> None:
    letters = list(of_tasks(system, limit=1))
    letters[place] = "A" if letters[place] != "A" else "Q"

    answer = asked(system, TASKS, limit=1, cursor="".join(letters))

    assert answer.status == 400
