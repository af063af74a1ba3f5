"""API keys and roles: nobody gives what they do not have."""

import pytest
from pydantic import JsonValue

from signalbox.aws.dynamo_table import Table
from signalbox.models.ids import KeyId
from signalbox.models.issuer import Grant, Issuer
from signalbox.models.principal import Role, Scope
from signalbox.models.rate_limits import Limits, RateLimit
from tests.fakes.tokens import an_issuer
from tests.functions.system import ApiResponse, System

KEYS = "/api/v1/keys"
ROLES = "/api/v1/roles"
TASKS = "/api/v1/tasks"


def issued(system: System, key: str, **fields: JsonValue) -> ApiResponse:
    return system.ask("POST", KEYS, {"name": "ci", **fields}, key=key)


def named(
    system: System, key: str, role: str, scopes: list[JsonValue], **headers: str
) -> ApiResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    body: JsonValue = {"name": role, "scopes": scopes}
    return system.ask("PUT", f"{ROLES}/{role}", body, key=key, headers=sent)


def test_a_key_is_made_shown_this_once_and_opens_what_it_may(system: System) -> None:
    admin = system.key("admin")

    made = issued(system, admin, roles=["viewer"], expires_at="2026-03-02T12:00:00Z")
    shown = system.ask("GET", made.headers["location"], key=admin)
    listed = system.ask("GET", KEYS, key=admin)

    text = made.word("key")
    assert (made.status, text[:9]) == (201, "sbx_live_")
    assert system.ask("GET", TASKS, key=text).status == 200
    assert system.ask("POST", TASKS, {"title": "x"}, key=text).status == 403
    assert (shown.json_body["status"], shown.json_body["roles"]) == ("active", ["viewer"])
    assert shown.json_body in listed.items
    assert text not in shown.text + listed.text
    assert "digest" not in shown.text + listed.text


def test_a_key_ends_when_it_is_over_or_revoked(system: System) -> None:
    admin = system.key("admin")
    made = issued(system, admin, roles=["viewer"], expires_at="2026-03-01T13:00:00Z")
    other = issued(system, admin, roles=["viewer"])
    system.ask("GET", TASKS, key=other.word("key"))

    revoked = system.ask("DELETE", other.headers["location"], key=admin)
    again = system.ask("DELETE", other.headers["location"], key=admin)
    system.clock.advance(seconds=3600)

    assert revoked.json_body == again.json_body
    assert revoked.json_body["status"] == "revoked"
    for key in (made, other):
        assert system.ask("GET", TASKS, key=key.word("key")).status == 401
    shown = system.ask("GET", made.headers["location"], key=admin)
    assert shown.json_body["status"] == "expired"


def test_a_key_that_is_asked_for_twice_is_made_once_and_told_once(system: System) -> None:
    admin = system.key("admin")
    body: JsonValue = {"name": "ci", "roles": ["viewer"]}

    answers = [
        system.ask("POST", KEYS, body, key=key, headers={"Idempotency-Key": '"one"'})
        for key in (admin, admin, system.key("admin"))
    ]

    assert [answer.status for answer in answers] == [201, 409, 201]
    assert answers[0].word("id") in answers[1].word("detail")
    assert len(system.ask("GET", KEYS, key=admin).items) == 4


@pytest.mark.parametrize(
    "fields",
    [{"roles": ["admin"]}, {"roles": ["operator"]}, {"scopes": ["config:write"]}],
)
def test_nobody_makes_a_key_that_may_more_than_they(
    system: System, fields: dict[str, JsonValue]
) -> None:
    some = system.key("viewer", scopes=(Scope.KEYS_WRITE,))

    answer = issued(system, some, **fields)

    assert (answer.status, "you have no" in answer.word("detail")) == (403, True)
    assert issued(system, some, roles=["viewer"]).status == 201


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"roles": ["nobody"]}, 409),
        ({"roles": ["viewer"], "expires_at": "2026-03-01T11:59:59Z"}, 409),
        ({"scopes": ["tasks:eat"]}, 422),
        ({"roles": ["viewer"], "name": "Not A Name"}, 422),
        ({"roles": ["viewer"], "id": "0123456789ab"}, 422),
        ({"roles": ["viewer"], "digest": "0" * 64}, 422),
        ({"roles": [], "scopes": []}, 422),
    ],
)
def test_an_odd_key_is_not_made(system: System, fields: dict[str, JsonValue], status: int) -> None:
    admin = system.key("admin")

    assert issued(system, admin, **fields).status == status
    assert len(system.ask("GET", KEYS, key=admin).items) == 1


def test_only_who_may_speaks_of_keys(system: System) -> None:
    operator = system.key("operator")

    for path in (KEYS, f"{KEYS}/0123456789ab", ROLES, f"{ROLES}/viewer"):
        assert system.ask("GET", path, key=operator).status == 403
    assert issued(system, operator, roles=["viewer"]).status == 403
    assert named(system, operator, "mine", []).status == 403


def test_a_key_that_is_not_there_is_404(system: System) -> None:
    admin = system.key("admin")

    for method in ("GET", "DELETE"):
        assert system.ask(method, f"{KEYS}/nobody", key=admin).status == 404


def patched(
    system: System, key: str, path: str, body: JsonValue, match: str | None = "*"
) -> ApiResponse:
    headers = {"if-match": match} if match else {}
    return system.ask("PATCH", path, body, key=key, headers=headers)


def test_a_key_is_renamed_and_given_another_end(system: System) -> None:
    admin = system.key("admin")
    made = issued(system, admin, roles=["viewer"], expires_at="2026-03-01T13:00:00Z")
    path = made.headers["location"]
    tag = system.ask("GET", path, key=admin).headers["etag"]

    renamed = patched(system, admin, path, {"name": "cd"}, tag)
    stale = patched(system, admin, path, {"name": "late"}, tag)
    endless = patched(system, admin, path, {"expires_at": None}, renamed.headers["etag"])
    system.clock.advance(seconds=3_600)

    assert (renamed.status, stale.status, endless.status) == (200, 412, 200)
    assert (renamed.word("name"), renamed.word("expires_at")) == ("cd", "2026-03-01T13:00:00Z")
    assert (endless.word("name"), endless.json_body["expires_at"]) == ("cd", None)
    assert system.ask("GET", TASKS, key=made.word("key")).status == 200
    same = {"if-none-match": endless.headers["etag"]}
    assert system.ask("GET", path, key=admin, headers=same).status == 304


@pytest.mark.parametrize(
    ("body", "match", "status"),
    [
        ({"name": "cd"}, None, 428),
        ({"name": "cd"}, '"another"', 412),
        ({"name": None}, "*", 422),
        ({"name": "Not A Name"}, "*", 422),
        ({"roles": ["admin"]}, "*", 422),
        ({"scopes": ["keys:write"]}, "*", 422),
        ({"expires_at": "2026-03-01T11:59:59Z"}, "*", 409),
        ({}, "*", 200),
    ],
)
def test_nothing_else_of_a_key_is_changed(
    system: System, body: JsonValue, match: str | None, status: int
) -> None:
    admin = system.key("admin")
    path = issued(system, admin, roles=["viewer"]).headers["location"]
    before = system.ask("GET", path, key=admin).json_body

    assert patched(system, admin, path, body, match).status == status
    assert system.ask("GET", path, key=admin).json_body == before


def test_nobody_prolongs_a_key_that_may_more_than_they(system: System) -> None:
    some = system.key("viewer", scopes=(Scope.KEYS_WRITE,))
    path = issued(system, system.key("admin"), roles=["operator"]).headers["location"]

    answer = patched(system, some, path, {"expires_at": None})

    assert (answer.status, "you have no" in answer.word("detail")) == (403, True)


def test_a_revoked_key_stays_as_it_is_whoever_was_about_to_change_it(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = system.key("admin")
    made = issued(system, admin, roles=["viewer"])
    path, keys = made.headers["location"], system.wiring.keys
    put_if = Table.put_if

    def late(table: Table, *given: object) -> None:
        found = keys.find(KeyId(made.word("id")))
        assert found
        keys.put(found.model_copy(update={"revoked_at": system.clock()}))
        put_if(table, *given)  # type: ignore[arg-type]  # as they came

    with monkeypatch.context() as patch:
        patch.setattr(Table, "put_if", late)
        lost = patched(system, admin, path, {"name": "late"})
    after = patched(system, admin, path, {"name": "cd"})

    assert (lost.status, lost.word("code")) == (409, "write_conflict")
    assert after.status == 409
    assert system.ask("GET", path, key=admin).json_body["status"] == "revoked"


def test_a_role_is_named_given_changed_and_removed(system: System) -> None:
    admin = system.key("admin")
    made = named(system, admin, "ci", ["tasks:write"])
    key = issued(system, admin, roles=["ci"])
    text = key.word("key")
    before = [system.ask("POST", TASKS, {"title": "x"}, key=text).status]
    before.append(system.ask("GET", TASKS, key=text).status)

    changed = named(system, admin, "ci", ["tasks:read"], if_match=made.headers["etag"])
    system.clock.advance(seconds=31)
    after = [system.ask("POST", TASKS, {"title": "x"}, key=text).status]
    after.append(system.ask("GET", TASKS, key=text).status)
    any_ = {"if-match": "*"}
    held = system.ask("DELETE", f"{ROLES}/ci", key=admin, headers=any_)
    system.ask("DELETE", key.headers["location"], key=admin)
    removed = system.ask("DELETE", f"{ROLES}/ci", key=admin, headers=any_)

    assert (made.status, changed.status) == (201, 200)
    assert (before, after) == ([201, 403], [403, 200])
    assert (held.status, removed.status) == (409, 204)


@pytest.mark.parametrize(
    ("user", "named_as"),
    [
        (an_issuer(everybody=Grant(roles=("ci",))), "issuer corp"),
        (an_issuer(grants={"dev": Grant(roles=("viewer", "ci"))}), "issuer corp"),
        (Limits(roles={"ci": RateLimit(count=1_000, burst=1_000)}), "limits"),
    ],
)
def test_a_role_that_is_named_elsewhere_is_not_removed(
    system: System, user: Issuer | Limits, named_as: str
) -> None:
    admin = system.key("admin")
    named(system, admin, "ci", ["tasks:read"])
    system.wiring.config.put(user)

    answer = system.ask("DELETE", f"{ROLES}/ci", key=admin, headers={"if-match": "*"})

    assert (answer.status, answer.word("detail")) == (409, f"this role is named by {named_as}")
    assert system.ask("GET", f"{ROLES}/ci", key=admin).status == 200


def test_a_role_that_is_gone_is_worth_nothing(system: System) -> None:
    text = system.key("passing")
    system.wiring.config.put(Role(name="passing", scopes=(Scope.TASKS_READ,)))
    first = system.ask("GET", TASKS, key=text).status
    system.wiring.config.remove(Role(name="passing"))

    assert (first, system.ask("GET", TASKS, key=text).status) == (200, 403)


def test_built_in_roles_are_listed_and_stay_what_they_are(system: System) -> None:
    admin = system.key("admin")

    listed = system.ask("GET", ROLES, key=admin)
    changed = named(system, admin, "viewer", ["keys:write"], if_match="*")
    removed = system.ask("DELETE", f"{ROLES}/admin", key=admin, headers={"if-match": "*"})

    assert listed.json_body["built_in"] == ["viewer", "worker", "operator", "admin"]
    assert [role["name"] for role in listed.items] == listed.json_body["built_in"]
    assert (changed.status, removed.status) == (409, 409)


def test_nobody_names_a_role_that_may_more_than_they(system: System) -> None:
    admin = system.key("admin")
    some = system.key("mine")
    system.wiring.config.put(Role(name="mine", scopes=(Scope.KEYS_WRITE, Scope.TASKS_READ)))

    more = named(system, some, "mine", [*Scope], if_match="*")
    same = named(system, some, "other", ["tasks:read"])
    over = named(system, admin, "other", [*Scope])

    assert (more.status, same.status, over.status) == (403, 201, 428)
