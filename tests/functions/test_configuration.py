"""Sources, connections, subscriptions and their secrets, changed through the API."""

import pytest
from pydantic import JsonValue

from signalbox.models.connection import Connection
from signalbox.models.errors import SendDelayed
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.manifest import Manifest
from signalbox.models.networks import NetworkPreset
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.models.task import Priority
from signalbox.runtime.wiring import Wiring
from tests.functions.system import ApiResponse, System
from tests.integration.faults import Faults, broken, meanwhile
from tests.samples import sample

SLACK: dict[str, JsonValue] = {"id": "team", "connector": "slack"}
TO_SLACK: dict[str, JsonValue] = {"id": "all", "connection": "team", "changes": ["failed"]}
SOURCE: dict[str, JsonValue] = {
    "provider": "github",
    "name": "mine",
    "events": ["issues.*"],
    "priority": "high",
}
THINGS = {
    "/api/v1/sources/github/mine": SOURCE,
    "/api/v1/connections/team": SLACK,
    "/api/v1/subscriptions/all": TO_SLACK,
}
HOOK = "https://hooks.slack.com/services/T0001/B0001/x1Y2z3"
EVERY = pytest.mark.parametrize(("path", "body"), THINGS.items())


@pytest.fixture
def admin(system: System) -> str:
    """The key of an admin, where there is a connection to subscribe."""
    system.wiring.config.put(Connection(id=ConnectionId("team"), connector="slack"))
    return system.key("admin")


def put(system: System, key: str, path: str, body: JsonValue, **headers: str) -> ApiResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return system.ask("PUT", path, body, key=key, headers=named)


@EVERY
def test_a_thing_is_made_shown_listed_changed_and_removed(
    system: System, admin: str, path: str, body: dict[str, JsonValue]
) -> None:
    system.ask("DELETE", path, key=admin, headers={"if-match": "*"})
    if "subscriptions" in path:
        put(system, admin, "/api/v1/connections/team", SLACK)
    kind = path.removesuffix("/mine").rpartition("/")[0]

    made = put(system, admin, path, body)
    shown = system.ask("GET", path, key=admin)
    changed = put(system, admin, path, body | {"enabled": False}, if_match=made.headers["etag"])
    listed = system.ask("GET", kind, key=admin)
    removed = system.ask("DELETE", path, key=admin, headers={"if-match": changed.headers["etag"]})
    gone = system.ask("GET", path, key=admin)

    assert (made.status, made.headers["location"]) == (201, path)
    assert (shown.status, shown.json_body) == (200, made.json_body)
    assert (changed.status, changed.json_body["enabled"]) == (200, False)
    assert changed.json_body in listed.items
    assert (removed.status, removed.text, gone.status) == (204, "", 404)


def test_what_is_shown_is_what_a_manifest_says(system: System, admin: str) -> None:
    made = put(system, admin, "/api/v1/sources/github/mine", SOURCE)

    manifest = Manifest.model_validate_json(f'{{"sources": [{made.text}]}}')

    assert manifest.sources == tuple(system.wiring.config.sources())
    assert manifest.sources[0].priority == "high"


@EVERY
def test_nobody_overwrites_what_somebody_else_has_written(
    system: System, admin: str, path: str, body: dict[str, JsonValue]
) -> None:
    made = put(system, admin, path, body, if_match="*") if "team" in path else None
    made = made or put(system, admin, path, body)
    tag = made.headers["etag"]
    put(system, admin, path, body | {"enabled": False}, if_match=tag)

    without = put(system, admin, path, body)
    stale = put(system, admin, path, body, if_match=tag)
    new = put(system, admin, path, body, if_match="*", if_none_match="*")
    removal = system.ask("DELETE", path, key=admin)

    assert [response.status for response in (without, stale, new, removal)] == [428, 412, 412, 428]
    assert system.ask("GET", path, key=admin).json_body["enabled"] is False


def test_what_is_not_there_has_no_etag_to_match(system: System, admin: str) -> None:
    answer = put(system, admin, "/api/v1/sources/github/mine", SOURCE, if_match="*")

    assert answer.status == 412


def test_who_has_a_thing_as_it_is_gets_no_copy(system: System, admin: str) -> None:
    path = "/api/v1/connections/team"
    tag = system.ask("GET", path, key=admin).headers["etag"]

    same = system.ask("GET", path, key=admin, headers={"if-none-match": tag})
    other = system.ask("GET", path, key=admin, headers={"if-none-match": '"other"'})

    assert (same.status, same.text, same.headers["etag"]) == (304, "", tag)
    assert other.status == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/sources/github/mine", SOURCE | {"provider": "pigeon"}, 409),
        ("/api/v1/sources/pigeon/mine", SOURCE | {"provider": "pigeon"}, 409),
        ("/api/v1/sources/github/mine", SOURCE | {"settings": {"odd": 1}}, 400),
        ("/api/v1/sources/github/mine", SOURCE | {"max_attempts": "3"}, 422),
        ("/api/v1/sources/github/mine", SOURCE | {"priority": "urgent"}, 422),
        ("/api/v1/sources/github/mine", SOURCE | {"odd": 1}, 422),
        ("/api/v1/sources/github/mine", SOURCE | {"answer": {"status": 302}}, 422),
        ("/api/v1/sources/github/mine", SOURCE | {"body_schema": {"$ref": "a.json"}}, 422),
        ("/api/v1/sources/github/mine", SOURCE | {"filter": "action == 'opened'"}, 422),
        ("/api/v1/sources/github/mine", SOURCE | {"transform": {"title": "event."}}, 422),
        ("/api/v1/connections/other", SLACK, 409),
        ("/api/v1/connections/pigeon", {"id": "pigeon", "connector": "pigeon"}, 409),
        ("/api/v1/connections/odd", {**SLACK, "id": "odd", "settings": {"chanel": "C1"}}, 400),
        ("/api/v1/subscriptions/all", TO_SLACK | {"connection": "nobody"}, 409),
        ("/api/v1/subscriptions/all", TO_SLACK | {"changes": ["exploded"]}, 422),
    ],
)
def test_what_is_not_right_is_refused_and_changes_nothing(
    system: System, admin: str, path: str, body: JsonValue, status: int
) -> None:
    answer = put(system, admin, path, body)

    assert answer.status == status, answer.text
    assert system.ask("GET", path, key=admin).status == 404


def test_a_wrong_value_is_named(system: System, admin: str) -> None:
    odd = SOURCE | {"events": ["issues.*", 7]}

    answer = put(system, admin, "/api/v1/sources/github/mine", odd)

    assert [fault["pointer"] for fault in answer.faults] == ["/body/events/1"]


def test_a_connection_that_is_subscribed_is_not_removed(system: System, admin: str) -> None:
    put(system, admin, "/api/v1/subscriptions/all", TO_SLACK)

    answer = system.ask("DELETE", "/api/v1/connections/team", key=admin, headers={"if-match": "*"})

    assert (answer.status, "all" in answer.word("detail")) == (409, True)


def test_a_source_of_the_api_receives_at_once(system: System, admin: str) -> None:
    ping = sample("github", "ping")
    put(system, admin, "/api/v1/sources/github/mine", SOURCE)
    secret: JsonValue = {"secrets": ["from the API"]}
    set_ = put(system, admin, "/api/v1/sources/github/mine/secret", secret)

    answer = system.hook(ping.raw, ping.headers, source="mine", secret="from the API")

    assert set_.json_body == {"count": 1, "rotated_at": "2026-03-01T12:00:00Z"}
    assert answer.status == 200


def test_a_secret_is_rotated_with_an_overlap_and_the_overlap_ends(
    system: System, admin: str
) -> None:
    path, name = "/api/v1/sources/github/default/secret", "sources/github/default"
    ping = sample("github", "ping")
    system.hook(ping.raw, ping.headers)

    put(system, admin, path, {"secrets": ["new", "old"]})
    statuses = [system.hook(ping.raw, ping.headers, secret=each).status for each in ("new", "old")]
    put(system, admin, path, {"secrets": ["new"]})

    assert statuses == [200, 200]
    assert list(Wiring(clock=system.clock).secrets.secrets(name)) == ["new"]


def test_a_token_is_stored_beside_the_secret_and_goes_with_its_source(
    system: System, admin: str
) -> None:
    path, name = "/api/v1/sources/github/mine", "tokens/github/mine"
    put(system, admin, path, SOURCE)

    stored = put(system, admin, f"{path}/token", {"secrets": ["ghp-new", "ghp-old"]})
    before = Wiring(clock=system.clock).secrets.secrets(name)
    system.ask("DELETE", path, key=admin, headers={"if-match": "*"})

    assert stored.json_body == {"count": 2, "rotated_at": "2026-03-01T12:00:00Z"}
    assert list(before) == ["ghp-new", "ghp-old"]
    assert list(Wiring(clock=system.clock).secrets.secrets(name)) == []


def test_a_token_that_no_header_can_carry_is_refused(system: System, admin: str) -> None:
    path = "/api/v1/sources/github/default/token"

    refused = put(system, admin, path, {"secrets": ["two words"]})

    assert (refused.status, "header" in refused.word("detail")) == (409, True)


@pytest.mark.parametrize("path", ["/api/v1/sources/github/mine", "/api/v1/connections/team"])
def test_what_is_removed_leaves_no_secret_behind(system: System, admin: str, path: str) -> None:
    put(system, admin, path, THINGS[path])
    put(system, admin, f"{path}/secret", {"secrets": ["a secret"]})

    removed = system.ask("DELETE", path, key=admin, headers={"if-match": "*"})

    assert removed.status == 204
    name = path.removeprefix("/api/v1/")
    assert list(Wiring(clock=system.clock).secrets.secrets(name)) == []


def test_a_default_source_that_is_removed_takes_nothing_until_it_has_another_secret(
    system: System, admin: str
) -> None:
    path, ping = "/api/v1/sources/github/default", sample("github", "ping")
    put(system, admin, path, {"provider": "github", "authors": ["ada"]})
    before = system.hook(ping.raw, ping.headers)

    system.ask("DELETE", path, key=admin, headers={"if-match": "*"})

    assert (before.status, system.hook(ping.raw, ping.headers).status) == (200, 503)


def test_what_is_not_removed_keeps_its_secret(system: System, admin: str) -> None:
    path = "/api/v1/connections/team"
    put(system, admin, f"{path}/secret", {"secrets": [HOOK]})
    put(system, admin, "/api/v1/subscriptions/all", TO_SLACK)

    subscribed = system.ask("DELETE", path, key=admin, headers={"if-match": "*"})
    stale = system.ask("DELETE", path, key=admin, headers={"if-match": '"another"'})

    assert (subscribed.status, stale.status) == (409, 412)
    assert list(system.wiring.secrets.secrets("connections/team")) == [HOOK]


def test_a_removal_that_cannot_remove_the_secret_can_be_repeated(
    system: System, admin: str
) -> None:
    path = "/api/v1/sources/github/mine"
    put(system, admin, path, SOURCE)
    put(system, admin, f"{path}/secret", {"secrets": [HOOK]})
    faults = Faults()
    faults.on("SSM.DeleteParameter", broken, times=10)
    with faults.installed(), faults.watching():
        failed = system.ask("DELETE", path, key=admin, headers={"if-match": "*"})

    again = system.ask("DELETE", path, key=admin, headers={"if-match": "*"})

    assert (failed.status, again.status) == (503, 204)
    assert failed.word("detail") == "source github/mine stays, as its secret could not be removed"


def test_a_removal_that_somebody_was_faster_than_leaves_the_secret(
    system: System, admin: str
) -> None:
    path = "/api/v1/sources/github/mine"
    made = put(system, admin, path, SOURCE)
    put(system, admin, f"{path}/secret", {"secrets": [HOOK]})
    changed = Source(provider="github", name="mine", priority=Priority.HIGH)
    faults = Faults()
    faults.on("DynamoDB.PutItem", meanwhile(lambda: system.wiring.config.put(changed)))

    with faults.installed(), faults.watching():
        tag = {"if-match": made.headers["etag"]}
        answer = system.ask("DELETE", path, key=admin, headers=tag)

    assert answer.status == 409
    assert system.ask("GET", path, key=admin).json_body["priority"] == "high"
    assert list(Wiring(clock=system.clock).secrets.secrets("sources/github/mine")) == [HOOK]


def test_secrets_are_never_shown(system: System, admin: str) -> None:
    path = "/api/v1/connections/team/secret"
    hook = "https://hooks.slack.com/services/T0/B0/canary"

    answers = [
        put(system, admin, path, {"secrets": [f"{hook}\n", hook]}),
        put(system, admin, path, {"secrets": [hook], "odd": hook}),
        put(system, admin, path, {"secrets": [hook, [hook]]}),
        system.ask("GET", path, key=admin),
        system.ask("GET", "/api/v1/connections/team", key=admin),
        system.ask("GET", "/api/v1/connections", key=admin),
    ]

    assert [answer.status for answer in answers] == [200, 422, 422, 405, 200, 200]
    assert not any("canary" in answer.text for answer in answers)
    assert list(system.wiring.secrets.refresh("connections/team")) == [hook]


@pytest.mark.parametrize(
    ("secrets", "status"),
    [
        ([], 422),
        ([""], 422),
        (["  x"], 422),
        (["x  "], 422),
        (["a", "b", "c", "d"], 422),
        (["x" * 3000] * 2, 200),
    ],
)
def test_an_odd_secret_is_refused(
    system: System, admin: str, secrets: list[JsonValue], status: int
) -> None:
    answer = put(system, admin, "/api/v1/sources/github/default/secret", {"secrets": secrets})

    assert answer.status == status


@pytest.mark.parametrize("path", ["/api/v1/connections/team", "/api/v1/sources/github/default"])
def test_a_placeholder_is_no_secret(system: System, admin: str, path: str) -> None:
    secrets: list[JsonValue] = ["a secret", "ChangeMe\n"]

    answer = put(system, admin, f"{path}/secret", {"secrets": secrets})

    assert (answer.status, answer.word("code")) == (422, "validation_failed")
    assert answer.faults == [{"pointer": "/body/secrets/1", "code": "secret_placeholder"}]


def test_a_bot_token_needs_a_connection_with_a_channel(system: System, admin: str) -> None:
    path, token = "/api/v1/connections/team", "xoxb-1-canary"
    hook = "https://hooks.slack.com/services/T0/B0/x"
    channel: dict[str, JsonValue] = {"settings": {"channel": "C024BE91L"}}

    without = put(system, admin, f"{path}/secret", {"secrets": [hook, token]})
    kept = list(system.wiring.secrets.refresh("connections/team"))
    put(system, admin, path, SLACK | channel, if_match="*")
    with_it = put(system, admin, f"{path}/secret", {"secrets": [token]})

    assert (without.status, kept, with_it.status) == (409, [], 200)
    assert without.word("detail") == "a bot token needs a channel"


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("not-a-secret-of-slack-at-all", "neither a webhook of Slack nor a bot token"),
        ("http://hooks.slack.com/services/T0/B0/x", "starts with https://"),
        ("https://hooks.slack.com/triggers/T0/1/x", "the address of a workflow"),
        ("xoxp-1-canary", "starts with xoxb-"),
    ],
)
def test_a_secret_that_can_never_work_is_refused_when_it_is_set(
    system: System, admin: str, secret: str, why: str
) -> None:
    answer = put(system, admin, "/api/v1/connections/team/secret", {"secrets": [HOOK, secret]})

    assert answer.status == 409
    assert why in answer.word("detail")
    assert list(system.wiring.secrets.refresh("connections/team")) == []


def test_secrets_that_no_parameter_holds_are_refused(system: System, admin: str) -> None:
    secrets: list[JsonValue] = ["x" * 3_000, "y" * 3_000]

    answer = put(system, admin, "/api/v1/sources/github/default/secret", {"secrets": secrets})

    assert answer.status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/connections/nobody/secret",
        "/api/v1/sources/github/nobody/secret",
        "/api/v1/sources/github/nobody/token",
    ],
)
def test_what_is_not_there_gets_no_secret(system: System, admin: str, path: str) -> None:
    assert put(system, admin, path, {"secrets": ["a secret"]}).status == 404


@EVERY
def test_an_operator_reads_the_configuration_and_only_an_admin_changes_it(
    system: System, admin: str, path: str, body: JsonValue
) -> None:
    operator, viewer = system.key("operator"), system.key("viewer")
    put(system, admin, path, body, if_match="*")
    put(system, admin, path, body)

    assert system.ask("GET", path, key=operator).status == 200
    assert system.ask("GET", path, key=viewer).status == 403
    assert put(system, operator, path, body).status == 403
    assert system.ask("DELETE", path, key=operator).status == 403
    assert put(system, operator, f"{path}/secret", {"secrets": ["x"]}).status in {403, 404}


def test_the_configuration_is_as_it_is_now_whoever_changed_it(system: System, admin: str) -> None:
    system.ask("GET", "/api/v1/subscriptions", key=admin)
    elsewhere = Wiring(clock=system.clock)
    elsewhere.config.put(Subscription(id=SubscriptionId("new"), connection=ConnectionId("team")))
    elsewhere.config.put(Source(provider="github", name="new"))

    listed = [
        system.ask("GET", f"/api/v1/{kind}", key=admin).items
        for kind in ("subscriptions", "sources")
    ]

    assert [len(items) for items in listed] == [1, 1]


def test_a_filter_that_could_never_match_is_refused_where_it_stands(
    system: System, admin: str
) -> None:
    odd = SOURCE | {"events": ["issues.*", "workflow_run.complted:failure"], "commands": ["/run"]}

    answer = put(system, admin, "/api/v1/sources/github/mine", odd)

    assert (answer.status, answer.word("code")) == (422, "validation_failed")
    assert 'did you mean "workflow_run.completed:failure"?' in answer.word("detail")
    assert answer.faults == [
        {"pointer": "/body/events/1", "code": "never_matches"},
        {"pointer": "/body/commands/0", "code": "never_matches"},
    ]
    assert system.ask("GET", "/api/v1/sources/github/mine", key=admin).status == 404


def test_what_was_kept_before_there_was_a_rule_can_still_be_read(
    system: System, admin: str
) -> None:
    system.wiring.config.put(Source(provider="github", name="old", events=("nothing.at_all",)))

    shown = system.ask("GET", "/api/v1/sources/github/old", key=admin)

    assert shown.json_body["events"] == ["nothing.at_all"]


@pytest.mark.parametrize("failure", [None, SendDelayed("down")])
def test_the_networks_of_a_preset_are_fetched_when_a_source_is_stored(
    system: System, admin: str, failure: SendDelayed | None
) -> None:
    def fetch(_service: NetworkPreset) -> tuple[str, ...]:
        if failure:
            raise failure
        return ("192.0.2.0/24",)

    system.wiring.fetch_networks = fetch
    source = SOURCE | {"networks": ["preset:stripe"]}

    answer = put(system, admin, "/api/v1/sources/github/mine", source)

    published = system.wiring.config.published_networks(NetworkPreset.STRIPE)
    assert answer.status == 201
    assert published is not None
    assert published.networks == (() if failure else ("192.0.2.0/24",))
    assert published.reason == ("down" if failure else None)
