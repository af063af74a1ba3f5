"""A key that is refused tells nothing of why, and one that is mistyped costs no read."""

import json
from datetime import timedelta

import pytest

from signalbox.auth.api_keys import NewKey, new_key
from tests.functions.system import ApiResponse, System
from tests.integration.faults import Faults

TASKS = "/api/v1/tasks"


def a_key(system: System, environment: str = "live", named: str | None = None) -> NewKey:
    return new_key(
        environment,
        name="test",
        roles=("admin",),
        scopes=(),
        created_by="test",
        now=system.clock(),
        named=named,
    )


def kept(system: System, key: NewKey, **changes: object) -> str:
    """The text of a key that is on record, with these changes."""
    system.wiring.keys.put(key.stored.model_copy(update=changes))
    return key.text


def mistyped(text: str, place: int = -1) -> str:
    letters = list(text)
    letters[place] = "a" if letters[place] != "a" else "b"
    return "".join(letters)


def refused(system: System) -> dict[str, str]:
    """Every kind of key that opens nothing."""
    now = system.clock()
    kept(system, a_key(system, named="one"))
    return {
        "unknown": a_key(system).text,
        "wrong secret": a_key(system, named="one").text,
        "revoked": kept(system, a_key(system), revoked_at=now - timedelta(days=1)),
        "expired": kept(system, a_key(system), expires_at=now - timedelta(days=1)),
        "expired just now": kept(system, a_key(system), expires_at=now),
        "mistyped": mistyped(kept(system, a_key(system))),
        "of another environment": kept(system, a_key(system, "test")),
    }


def lookups(faults: Faults) -> int:
    """How often the record of a key was read."""
    reads = [json.loads(call.body) for call in faults.calls if call.operation == "DynamoDB.GetItem"]
    return sum(read["Key"]["pk"] == {"S": "KEY"} for read in reads)


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_all_keys_that_open_nothing_get_the_very_same_answer(system: System, header: str) -> None:
    prefix = "Bearer " if header == "authorization" else ""

    def asked(key: str) -> ApiResponse:
        sent = {header: prefix + key, "x-request-id": "the-same-for-all"}
        return system.ask("GET", TASKS, headers=sent)

    answers = {kind: asked(key) for kind, key in refused(system).items()}

    assert answers["unknown"].status == 401
    assert answers == dict.fromkeys(answers, answers["unknown"])


def test_a_key_that_was_known_is_refused_in_the_same_words_when_it_is_over(
    system: System,
) -> None:
    now = system.clock()
    text = kept(system, a_key(system), expires_at=now + timedelta(seconds=5))
    same = {"x-request-id": "the-same-for-all"}
    good = system.ask("GET", TASKS, key=text, headers=same)
    system.clock.advance(seconds=5)

    over = system.ask("GET", TASKS, key=text, headers=same)

    unknown = system.ask("GET", TASKS, key=a_key(system).text, headers=same)
    assert (good.status, over.status) == (200, 401)
    assert over == unknown


@pytest.mark.parametrize("place", [9, 25, -7, -6, -1])
def test_a_mistyped_key_is_refused_without_a_look_at_the_table(
    system: System, faults: Faults, place: int
) -> None:
    text = kept(system, a_key(system))

    answer = system.ask("GET", TASKS, key=mistyped(text, place))

    assert (answer.status, lookups(faults)) == (401, 0)


def test_a_well_typed_key_is_looked_up(system: System, faults: Faults) -> None:
    answer = system.ask("GET", TASKS, key=a_key(system).text)

    assert (answer.status, lookups(faults)) == (401, 1)


def test_a_key_of_another_environment_opens_nothing(system: System) -> None:
    here, elsewhere = (kept(system, a_key(system, each)) for each in ("live", "test"))

    statuses = [system.ask("GET", TASKS, key=key).status for key in (here, elsewhere)]

    assert statuses == [200, 401]


def test_the_environment_of_a_key_cannot_be_rewritten(system: System) -> None:
    elsewhere = kept(system, a_key(system, "test"))

    answer = system.ask("GET", TASKS, key=elsewhere.replace("_test_", "_live_"))

    assert answer.status == 401
