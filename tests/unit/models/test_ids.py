import re

from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.ids import (
    ChangeId,
    ConnectionId,
    TaskId,
    change_id,
    delivery_id,
    notification_id,
    random_lease_id,
    random_request_id,
    random_task_id,
    task_id,
)
from tests.builders import NOW

PARTS = st.lists(st.text(st.characters(), max_size=5), max_size=4)


@given(PARTS, PARTS)
def test_other_parts_name_another_task(one: list[str], other: list[str]) -> None:
    assert (task_id(*one) == task_id(*other)) == (one == other)


def test_parts_are_told_apart_where_they_end() -> None:
    assert task_id("ab", "c") != task_id("a", "bc")
    assert task_id("a", "") != task_id("a")


def test_a_part_may_hold_what_utf_8_does_not() -> None:
    assert task_id("\ud800") != task_id("\udfff")


def test_an_id_says_what_it_names_and_holds_nothing_that_a_url_would_quote() -> None:
    change = change_id(TaskId("tsk_a"), NOW, 3)
    ids: dict[str, list[str]] = {
        "tsk": [task_id("a"), random_task_id()],
        "dlv": [delivery_id("github", "default", "a key with spaces / and slashes")],
        "ntf": [notification_id(change, ConnectionId("team-slack"))],
        "lse": [random_lease_id()],
        "req": [random_request_id()],
    }

    for prefix, made in ids.items():
        for identifier in made:
            assert re.fullmatch(prefix + r"_[a-z2-7]{24}", identifier)


def test_the_ids_that_are_kept_never_change_from_release_to_release() -> None:
    assert task_id("github", "default", "d-1") == "tsk_kydtlhm4q7ff77h72w2g6nn6"
    assert delivery_id("github", "default", "d-1") == "dlv_kydtlhm4q7ff77h72w2g6nn6"
    assert change_id(TaskId("tsk_a"), NOW, 3) == f"tsk_a.{NOW.timestamp():.0f}.3"


def test_a_change_owes_each_connection_one_notification() -> None:
    change, other = ChangeId("tsk_a.1"), ChangeId("tsk_a.2")
    slack, jira = ConnectionId("slack"), ConnectionId("jira")

    ids = {notification_id(c, to) for c in (change, other) for to in (slack, jira)}

    assert len(ids) == 4
    assert notification_id(change, slack) == notification_id(change, slack)


def test_random_ids_are_not_repeated() -> None:
    assert len({random_lease_id() for _ in range(1_000)}) == 1_000
