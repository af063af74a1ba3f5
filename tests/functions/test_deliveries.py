"""Deliveries as operators see them, and reading them once more."""

import json
from base64 import b64decode
from typing import cast

import pytest

from signalbox.models.delivery import KeepBodies
from signalbox.models.errors import NotFound, PayloadInvalid
from signalbox.models.event import ParsedPayload
from signalbox.models.ids import DeliveryId, TaskId, delivery_id
from signalbox.models.request import InboundRequest
from signalbox.models.source import Source
from signalbox.models.task import TaskStatus
from signalbox.providers.github.provider import GitHub
from signalbox.services.pagination import Window
from tests.functions.system import ApiResponse, System
from tests.samples import sample

DELIVERIES = "/api/v1/deliveries"


def unreadable(system: System, patch: pytest.MonkeyPatch, key: str = "d-1") -> str:
    """A delivery that yesterday's code could not read; its id."""

    def parse(_: GitHub, request: InboundRequest) -> ParsedPayload:
        raise PayloadInvalid(f"nobody reads {request.header('x-github-event')} yet")

    with patch.context() as yesterday:
        yesterday.setattr(GitHub, "parse", parse)
        assert system.comment("/agent fix the login", key=key).status == 400
    return delivery_id("github", "default", key)


def listed(system: System, query: str = "") -> list[str]:
    answer = system.ask("GET", f"{DELIVERIES}?{query}", key=system.key("viewer"))
    assert answer.status == 200, answer.text
    return [str(item["key"]) for item in answer.items]


def replay(system: System, delivery: str, *, dry_run: bool = False) -> ApiResponse:
    path = f"{DELIVERIES}/{delivery}/replay" + ("?dry_run=true" if dry_run else "")
    return system.ask("POST", path, key=system.key("operator"))


def tasks(system: System) -> int:
    return len(list(system.wiring.tasks.newest(list(TaskStatus), Window())))


def test_deliveries_are_listed_newest_first_page_by_page(system: System) -> None:
    key = system.key("viewer")
    for number in range(5):
        system.clock.advance(seconds=1)
        system.comment("nothing to do", key=f"d-{number}")

    found, cursor = [], ""
    for _ in range(3):
        page = system.ask("GET", f"{DELIVERIES}?limit=2{cursor}", key=key)
        found += [item["key"] for item in page.items]
        cursor = f"&cursor={page.json_body['next']}"

    assert found == ["d-4", "d-3", "d-2", "d-1", "d-0"]
    assert page.json_body["next"] is None


def test_deliveries_of_all_sources_are_one_list_and_may_be_told_apart(system: System) -> None:
    ping = sample("github", "ping")
    system.wiring.config.put(Source(provider="github", name="other"))
    system.wiring.secrets.put("sources/github/other", ["another secret"])
    system.comment("/agent one", key="mine")
    system.clock.advance(seconds=1)
    named = ping.headers | {"X-GitHub-Delivery": "theirs"}
    system.hook(ping.raw, named, source="other", secret="another secret")

    assert listed(system) == ["theirs", "mine"]
    assert listed(system, "source=default") == ["mine"]
    assert listed(system, "provider=github&source=other") == ["theirs"]
    assert listed(system, "status=handshake") == ["theirs"]
    assert listed(system, "provider=pigeon") == []


def test_deliveries_are_listed_by_time(system: System) -> None:
    for number in range(3):
        system.comment("/agent one", key=f"d-{number}")
        system.clock.advance(seconds=60)

    assert listed(system, "since=2026-03-01T12:01:00Z&until=2026-03-01T12:02:00Z") == ["d-1"]


def test_a_delivery_is_shown_with_its_headers_and_body_but_no_secret_in_it(
    system: System,
) -> None:
    made = system.comment("/agent use sbx_live_0000000000000 please")
    path = f"{DELIVERIES}/{made.word('delivery_id')}"

    shown = system.ask("GET", path, key=system.key("viewer"))

    body = shown.part("body")
    assert (shown.json_body["secret"], shown.json_body["status"]) == (0, "accepted")
    assert shown.part("headers")["x-github-event"] == "issue_comment"
    assert "x-hub-signature-256" not in shown.part("headers")
    assert (body["encoding"], body["masked"], body["truncated"]) == ("text", True, False)
    assert "/agent use [masked] please" in str(body["content"])


def test_a_body_that_is_no_text_is_shown_in_base64(system: System) -> None:
    headers = {"X-GitHub-Event": "push", "X-GitHub-Delivery": "odd"}
    system.hook(b"\xff\x00", headers | {"content-type": "application/json"})
    path = f"{DELIVERIES}/{delivery_id('github', 'default', 'odd')}"

    shown = system.ask("GET", path, key=system.key("viewer"))

    assert shown.part("body")["content"] == "/wA="


@pytest.mark.parametrize("raw", [b'{"key": "sbx_live_0000000000000"}', b"\xff\x00", b"x" * 900_000])
def test_an_operator_gets_the_bytes_that_were_sent(system: System, raw: bytes) -> None:
    headers = {"X-GitHub-Event": "star", "X-GitHub-Delivery": "odd"}
    system.hook(raw, headers | {"content-type": "application/json"})
    delivery = delivery_id("github", "default", "odd")

    answer = system.ask("GET", f"{DELIVERIES}/{delivery}/body", key=system.key("operator"))

    assert answer.json_body["size"] == len(raw)
    assert b64decode(str(answer.json_body["content"])) == raw


def test_a_viewer_does_not_get_unmasked_bodies(system: System) -> None:
    made = system.comment("/agent use sbx_live_0000000000000 please")

    path = f"{DELIVERIES}/{made.word('delivery_id')}/body"

    assert system.ask("GET", path, key=system.key("viewer")).status == 403


def test_a_delivery_that_is_not_there_is_404(system: System) -> None:
    key = system.key("admin")

    for ask in (("GET", ""), ("GET", "/body"), ("GET", "/explain"), ("POST", "/replay")):
        assert system.ask(ask[0], f"{DELIVERIES}/dlv_none{ask[1]}", key=key).status == 404


def test_a_dry_run_says_what_a_replay_would_make_and_makes_nothing(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = unreadable(system, monkeypatch)

    response = replay(system, delivery, dry_run=True)

    assert (response.json_body["status_before"], response.word("status")) == ("failed", "accepted")
    assert response.json_body["differs"] is True
    assert [task["kind"] for task in response.rows("created")] == ["agent"]
    assert tasks(system) == 0
    assert system.wiring.deliveries.get(DeliveryId(delivery)).status == "failed"


def test_what_could_not_be_read_is_accepted_by_a_replay_on_fixed_code(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = unreadable(system, monkeypatch)
    system.clock.advance(seconds=60)

    response = replay(system, delivery)

    kept = system.wiring.deliveries.get(DeliveryId(delivery))
    [made] = response.rows("created")
    assert (kept.status, kept.reason, kept.task_ids) == ("accepted", None, (made["id"],))
    assert (kept.replayed_at, str(kept.replayed_by)[:4]) == (system.clock(), "key:")
    task = system.wiring.tasks.get(TaskId(str(made["id"])))
    assert (task.origin.delivery_id, task.status) == (delivery, "pending")


def test_a_replay_makes_the_task_that_the_provider_would_have_made(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay(system, unreadable(system, monkeypatch))

    again = system.comment("/agent fix the login")

    assert again.json_body["duplicate"] is True
    assert tasks(system) == 1


def test_a_replay_again_and_again_is_harmless(system: System) -> None:
    made = system.comment("/agent fix the login")
    delivery = made.word("delivery_id")

    first, second = replay(system, delivery), replay(system, delivery)

    assert first.rows("created") == second.rows("created") == []
    assert first.json_body["existing"] == second.json_body["existing"] == made.json_body["task_ids"]
    assert first.json_body["differs"] is second.json_body["differs"] is False
    assert tasks(system) == 1


def test_a_replay_keeps_the_tasks_that_were_already_exists(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = system.comment("/agent fix the login")
    delivery = DeliveryId(made.word("delivery_id"))

    with monkeypatch.context() as tomorrow:
        tomorrow.setattr(
            GitHub, "parse", lambda *_: ParsedPayload(type="other", ignored="not read")
        )
        response = replay(system, delivery)

    kept = system.wiring.deliveries.get(delivery)
    assert (response.word("status"), response.json_body["differs"]) == ("ignored", True)
    assert list(kept.task_ids) == made.json_body["task_ids"]
    assert (kept.status, kept.notes) == ("accepted", ("not read",))


def test_what_a_fault_of_ours_kept_from_being_read_is_kept_and_read_by_mended_code(
    system: System, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def parse(_: GitHub, request: InboundRequest) -> ParsedPayload:
        raise KeyError(request.header("x-github-event"))

    with monkeypatch.context() as yesterday:
        yesterday.setattr(GitHub, "parse", parse)
        answer = system.comment("/agent fix the login", key="d-1")
        again = system.comment("/agent fix the login", key="d-1")

    id_ = delivery_id("github", "default", "d-1")
    kept = system.wiring.deliveries.get(id_)
    replayed = replay(system, id_)
    assert (answer.status, answer.word("code")) == (again.status, again.word("code"))
    assert (answer.status, answer.word("code")) == (500, "internal")
    assert (kept.status, kept.reason) == ("failed", "internal error: KeyError")
    assert any("test_deliveries.py" in str(record.__dict__) for record in caplog.records)
    assert replayed.word("status") == "accepted"
    assert tasks(system) == 1


def test_what_still_cannot_be_read_stays_unreadable(system: System) -> None:
    headers = {"X-GitHub-Event": "issue_comment", "X-GitHub-Delivery": "odd"}
    system.hook(b"{", headers | {"content-type": "application/json"})

    response = replay(system, delivery_id("github", "default", "odd"))

    assert (response.status, response.word("status"), response.json_body["differs"]) == (
        200,
        "failed",
        False,
    )


def test_a_delivery_of_a_source_that_is_gone_is_not_replayed(system: System) -> None:
    ping = sample("github", "ping")
    source = Source(provider="github", name="gone")
    system.wiring.config.put(source)
    system.wiring.secrets.put("sources/github/gone", ["another secret"])
    made = system.hook(ping.raw, ping.headers, source="gone", secret="another secret")
    system.wiring.config.remove(source)

    assert replay(system, made.word("delivery_id")).status == 409


def test_a_delivery_whose_body_was_not_kept_is_explained_but_not_replayed(system: System) -> None:
    system.wiring.config.put(Source(provider="github", keep_bodies=KeepBodies.NONE))
    system.comment("/agent fix the login")
    delivery, viewer = delivery_id("github", "default", "d-1"), system.key("viewer")
    path = f"{DELIVERIES}/{delivery}"

    shown = system.ask("GET", path, key=viewer)
    explained = system.ask("GET", f"{path}/explain", key=viewer)
    fetched = system.ask("GET", f"{path}/body", key=system.key("operator"))
    replayed = [replay(system, delivery, dry_run=dry_run) for dry_run in (True, False)]

    assert (shown.status, shown.json_body["body"]) == (200, None)
    assert (explained.status, explained.json_body["status"]) == (200, "accepted")
    assert (fetched.status, tasks(system)) == (404, 1)
    assert "was not kept" in fetched.text
    assert [answer.status for answer in replayed] == [409, 409]
    assert "keep_bodies: none" in replayed[0].text


def test_a_dry_run_that_is_asked_for_in_the_wrong_place_replays_nothing(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = unreadable(system, monkeypatch)
    path = f"{DELIVERIES}/{delivery}/replay"

    answer = system.ask("POST", path, {"dry_run": True}, key=system.key("operator"))

    assert (answer.status, tasks(system)) == (400, 0)


def test_a_replay_needs_more_than_reading(system: System) -> None:
    made = system.comment("/agent fix the login")
    path = f"{DELIVERIES}/{made.word('delivery_id')}/replay"

    assert system.ask("POST", path, key=system.key("viewer")).status == 403
    assert system.ask("POST", path, key=system.key("operator")).status == 200


def test_what_could_not_be_read_is_accepted_when_it_is_sent_again_to_fixed_code(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = DeliveryId(unreadable(system, monkeypatch))

    again = system.comment("/agent fix the login")

    kept = system.wiring.deliveries.get(delivery)
    assert (again.status, again.json_body["duplicate"]) == (202, False)
    assert (kept.status, list(kept.task_ids)) == ("accepted", again.json_body["task_ids"])
    assert kept.reason is None


def test_what_was_accepted_stays_so_when_it_comes_again_and_cannot_be_read(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = system.comment("/agent fix the login")

    unreadable(system, monkeypatch)

    kept = system.wiring.deliveries.get(DeliveryId(made.word("delivery_id")))
    assert kept.status == "accepted"


def test_repeats_are_counted(system: System) -> None:
    made = system.comment("/agent fix the login")
    for _ in range(2):
        system.clock.advance(seconds=10)
        system.comment("/agent fix the login")

    path = f"{DELIVERIES}/{made.word('delivery_id')}"
    shown = system.ask("GET", path, key=system.key("viewer"))

    assert shown.part("duplicates") == {"count": 2, "last_at": "2026-03-01T12:00:20Z"}


def test_a_replay_makes_a_task_again_whose_time_was_over(system: System) -> None:
    made = system.comment("/agent fix the login")
    [task] = cast("list[str]", made.json_body["task_ids"])
    system.wiring.tasks_table.delete({"pk": {"S": f"TASK#{task}"}, "sk": {"S": "TASK"}})

    response = replay(system, made.word("delivery_id"))

    assert [row["id"] for row in response.rows("created")] == [task]
    assert system.wiring.tasks.get(TaskId(task)).created_at == system.clock()


def test_nothing_of_a_delivery_is_told_to_whoever_may_not_read_it(system: System) -> None:
    made = system.comment("/agent fix the login")
    worker = system.key("worker")

    for path in (DELIVERIES, f"{DELIVERIES}/{made.word('delivery_id')}", "/api/v1/rejections"):
        assert system.ask("GET", path, key=worker).status == 403


def test_a_large_body_is_shown_as_it_came(system: System) -> None:
    made = sample("github", "issue_comment.created")
    comment = cast("dict[str, str]", made.body["comment"]) | {"body": "/agent " + "ü" * 100}
    body = json.dumps(made.body | {"comment": comment, "more": "x" * 900_000}).encode()
    path = f"{DELIVERIES}/{system.hook(body, made.headers).word('delivery_id')}"

    shown = system.ask("GET", path, key=system.key("viewer"))

    assert shown.part("body")["content"] == body.decode()


def test_a_delivery_that_has_expired_meanwhile_is_not_counted_but_answered(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.comment("/agent fix the login")

    def expired(*_: object) -> None:
        raise NotFound("the record is gone")

    monkeypatch.setattr(type(system.wiring.deliveries), "record_duplicate", expired)

    assert system.comment("/agent fix the login").status == 202
