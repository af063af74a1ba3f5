import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from threading import Lock

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from pydantic import JsonValue

from signalbox.http.schemas.metrics import MetricsResponse, WebhookMetrics
from signalbox.models.circuit import Circuit, begin_probe, opened
from signalbox.models.ids import ConnectionId, TaskId
from signalbox.models.notification import begun, delivered, exhausted
from signalbox.models.task import Priority
from signalbox.runtime.counters import count_changes
from signalbox.runtime.maintenance import maintenance
from signalbox.runtime.wiring import Wiring
from tests.builders import NOW, a_connection, a_notification, a_source
from tests.contract.redelivery import FIRST, SECOND
from tests.functions.system import Context, System, event
from tests.samples import sample


def figures(system: System) -> dict[str, JsonValue]:
    answer = system.ask("GET", "/api/v1/metrics", key=system.key("viewer"))
    assert answer.status == 200, answer.text
    return answer.json_body


def of_github(system: System) -> WebhookMetrics:
    (github,) = MetricsResponse.model_validate(figures(system), strict=False).webhooks
    return github


def scraped(system: System) -> Mapping[str, Metric]:
    answer = system.ask("GET", "/metrics", key=system.key("viewer"))
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def samples(family: Metric) -> dict[tuple[str, ...], float]:
    return {(each.name, *each.labels.values()): each.value for each in family.samples}


def done(system: System) -> None:
    """A task in the whole of its life."""
    worker = system.key("worker")
    made = system.ask("POST", "/api/v1/tasks", {"title": "Tidy up"}, key=system.key("admin"))
    system.wiring.queue.send(Priority.NORMAL, [TaskId(made.word("id"))])
    claimed = system.ask("POST", "/api/v1/queue/claim", {"worker": "w1"}, key=worker)
    lease = claimed.part("lease")
    system.clock.advance(seconds=42)
    body: JsonValue = {"lease_id": lease["id"], "fence": lease["fence"]}
    path = f"/api/v1/tasks/{made.word('id')}/complete"
    assert system.ask("POST", path, body, key=worker).status == 200


def test_webhooks_are_counted_by_what_became_of_them(system: System) -> None:
    star = sample("github", "star.created")
    system.comment("/agent fix the login")
    system.comment("/agent fix the login")
    system.hook(star.raw, star.headers)
    system.hook(star.raw, star.headers, secret="another")
    system.hook(star.raw, star.headers, source="nobodys")
    comment = sample("github", "issue_comment.created")
    system.hook(b"{", comment.headers | {"X-GitHub-Delivery": "d-9"})

    found = scraped(system)

    assert samples(found["webhook_requests"]) == {
        ("webhook_requests_total", "github", "accepted"): 1,
        ("webhook_requests_total", "github", "duplicate"): 1,
        ("webhook_requests_total", "github", "ignored"): 1,
        ("webhook_requests_total", "github", "not_found"): 1,
        ("webhook_requests_total", "github", "signature_invalid"): 1,
        ("webhook_requests_total", "github", "failed"): 1,
    }
    assert samples(found["webhook_signature_validation_failures"]) == {
        ("webhook_signature_validation_failures_total", "github"): 1
    }


def test_the_times_of_answers_are_told_by_the_request_after_them(system: System) -> None:
    for number in range(5):
        system.comment("/agent fix the login", key=f"d-{number}")

    found = samples(scraped(system)["webhook_ack_seconds"])

    assert found["webhook_ack_seconds_count", "github"] == 4
    assert found["webhook_ack_seconds_bucket", "github", "+Inf"] == 4


def test_the_time_of_an_answer_begins_at_the_gateway(system: System) -> None:
    star = sample("github", "star.created")
    sent = event("POST", "/api/v1/webhooks/github", star.headers, star.raw)
    context = sent["requestContext"]
    assert isinstance(context, dict)
    context["timeEpoch"] = int(system.clock().timestamp() * 1000) - 3_000
    system.github(sent, Context())
    system.comment("/agent fix the login")

    found = samples(scraped(system)["webhook_ack_seconds"])

    assert found["webhook_ack_seconds_sum", "github"] == 3


def test_an_answer_after_the_deadline_is_counted_as_late(system: System) -> None:
    star = sample("github", "star.created")
    sent = event("POST", "/api/v1/webhooks/github", star.headers, star.raw)
    context = sent["requestContext"]
    assert isinstance(context, dict)
    context["timeEpoch"] = int(system.clock().timestamp() * 1000) - 10_500
    system.github(sent, Context())
    system.comment("/agent fix the login")

    github = of_github(system)

    assert (github.deadline, github.late) == (10.0, 1)
    assert samples(scraped(system)["webhook_late_acks"]) == {
        ("webhook_late_acks_total", "github"): 1
    }


def test_the_share_of_processed_webhooks_is_a_figure(system: System) -> None:
    comment = sample("github", "issue_comment.created")
    for number in range(3):
        system.comment("/agent fix the login", key=f"d-{number}")
    system.hook(b"{", comment.headers | {"X-GitHub-Delivery": "d-9"})
    system.hook(comment.raw, comment.headers, secret="another")

    assert of_github(system).success_rate == 0.75
    assert samples(scraped(system)["webhook_success_ratio"]) == {
        ("webhook_success_ratio", "github"): 0.75
    }


def test_the_share_of_delivered_notifications_is_a_figure(system: System) -> None:
    store = system.wiring.notifications
    for end in (delivered, delivered, delivered, partial(exhausted, reason="no attempts are left")):
        note = a_notification()
        sending = begun(note, NOW, NOW)
        store.create(note)
        store.replace(note, sending)
        store.replace(sending, end(sending, now=NOW))

    [slack] = MetricsResponse.model_validate_json(json.dumps(figures(system))).connectors
    assert (slack.connector, slack.success_rate) == ("slack", 0.75)
    assert samples(scraped(system)["notification_success_ratio"]) == {
        ("notification_success_ratio", "slack"): 0.75
    }


def test_the_life_of_a_task_is_told(system: System) -> None:
    done(system)

    found = scraped(system)

    took = samples(found["task_processing_duration_seconds"])
    assert took["task_processing_duration_seconds_bucket", "30"] == 0
    assert took["task_processing_duration_seconds_bucket", "60"] == 1
    assert took["task_processing_duration_seconds_sum",] == 42
    assert samples(found["tasks_kept"])["tasks_kept", "succeeded"] == 1
    assert samples(found["tasks_kept"])["tasks_kept", "running"] == 0
    assert samples(found["task_changes"])["task_changes_total", "succeeded"] == 1


def test_what_waits_is_told_for_each_priority(system: System) -> None:
    made = system.ask("POST", "/api/v1/tasks", {"title": "Tidy up"}, key=system.key("admin"))
    system.wiring.queue.send(Priority.NORMAL, [TaskId(made.word("id"))])

    waiting = samples(scraped(system)["tasks_in_queue"])

    assert waiting == {
        ("tasks_in_queue", "high"): 0,
        ("tasks_in_queue", "normal"): 1,
        ("tasks_in_queue", "low"): 0,
    }


def test_json_tells_the_same(system: System) -> None:
    system.comment("/agent fix the login")
    done(system)

    metrics = json.dumps(figures(system))

    assert '"success_rate": 1.0' in metrics
    assert '"outcomes": {"accepted": 1}' in metrics
    assert '"by_status": {"pending": 1, "running": 0, "succeeded": 1' in metrics
    assert (
        '"processing": {"count": 1, "p50": 45.0, "p95": 58.5, "p99": 59.7, "mean": 42.0}' in metrics
    )
    assert '"complete": true' in metrics


def test_the_circuits_of_connections_that_were_in_trouble_are_told(system: System) -> None:
    for name in ("team-slack", "other", "well"):
        system.wiring.config.put(a_connection(id=name))
    shut = opened(Circuit(), system.clock(), Random(7))
    for name in ("team-slack", "other", "nobodys"):
        system.wiring.circuits.replace(ConnectionId(name), Circuit(), shut)
    half = begin_probe(shut, system.clock())
    system.wiring.circuits.replace(ConnectionId("other"), shut, half)

    found = scraped(system)["connector_circuit_state"]
    metrics = figures(system)

    assert found.type == "gauge"
    assert samples(found) == {
        ("connector_circuit_state", "other", "closed"): 0,
        ("connector_circuit_state", "other", "open"): 0,
        ("connector_circuit_state", "other", "half_open"): 1,
        ("connector_circuit_state", "team-slack", "closed"): 0,
        ("connector_circuit_state", "team-slack", "open"): 1,
        ("connector_circuit_state", "team-slack", "half_open"): 0,
    }
    assert shut.open_until
    until = shut.open_until.isoformat().replace("+00:00", "Z")
    assert metrics["circuits"] == [
        {"connection": "other", "state": "half_open", "openings": 1, "open_until": None},
        {"connection": "team-slack", "state": "open", "openings": 1, "open_until": until},
    ]


def test_an_installation_without_a_past_has_figures_too(system: System) -> None:
    found = scraped(system)
    metrics = figures(system)

    assert samples(found["tasks_kept"])["tasks_kept", "pending"] == 0
    assert metrics["webhooks"] == []
    assert samples(found["connector_circuit_state"]) == {}
    assert metrics["circuits"] == []


def test_missed_deliveries_are_shown_for_the_sources_whose_log_is_read(system: System) -> None:
    settings: JsonValue = {"redelivery": {"hook": "orgs/octo-org/hooks/1"}}
    for name, body in (("mine", {"settings": settings}), ("other", {})):
        path = f"/api/v1/sources/github/{name}"
        source = {"provider": "github", "name": name, **body}
        assert system.ask("PUT", path, source, key=system.key("admin")).status == 201
        system.wiring.redelivery.replace(
            a_source(name=name), SECOND.model_copy(update={"version": 1})
        )

    metrics, found = figures(system), scraped(system)

    assert metrics["redelivery"] == [
        {
            "provider": "github",
            "source": "mine",
            "missed": 3,
            "requested": 2,
            "healed": 1,
            "unhealable": 1,
            "open": 1,
            "looked_at": "2026-03-01T12:00:00Z",
            "blocked_until": "2026-03-01T12:00:00Z",
        }
    ]
    assert {
        name: value
        for family in found.values()
        for (name, *labels), value in samples(family).items()
        if labels == ["github", "mine"]
    } == {
        "webhook_missed_total": 3,
        "webhook_redeliveries_requested_total": 2,
        "webhook_missed_healed_total": 1,
        "webhook_missed_unhealable_total": 1,
        "webhook_missed_open": 1,
        "webhook_redelivery_last_look_timestamp_seconds": NOW.timestamp(),
    }


def test_a_log_that_was_never_read_to_its_end_has_no_time(system: System) -> None:
    settings: JsonValue = {"redelivery": {"hook": "orgs/octo-org/hooks/1"}}
    source: JsonValue = {"provider": "github", "name": "mine", "settings": settings}
    system.ask("PUT", "/api/v1/sources/github/mine", source, key=system.key("admin"))
    system.wiring.redelivery.replace(a_source(name="mine"), FIRST)

    found = scraped(system)

    assert samples(found["webhook_missed"]) == {("webhook_missed_total", "github", "mine"): 0}
    assert samples(found["webhook_redelivery_last_look_timestamp_seconds"]) == {}


def test_counts_survive_a_restart(system: System) -> None:
    system.comment("/agent fix the login")
    before = figures(system)
    system.restart()

    after = figures(system)

    assert after["webhooks"] == before["webhooks"]


def test_counts_are_exact_when_many_ask_and_many_send_at_once(system: System) -> None:
    locked = Lock()  # moto is no database: it takes one call at a time

    def one(number: int) -> None:
        with locked:
            system.comment("/agent fix the login", key=f"d-{number}")
        with locked:
            system.ask("GET", "/metrics", key=key)

    key = system.key("viewer")
    system.comment("/agent fix the login", key="first")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))

    assert samples(scraped(system)["webhook_requests"]) == {
        ("webhook_requests_total", "github", "accepted"): 41
    }


def test_maintenance_counts_what_nobody_asked_for(system: System) -> None:
    system.comment("/agent fix the login")

    maintenance(system.wiring)({}, Context())

    counted = count_changes(system.wiring).counters.totals()
    assert counted["requests|github|accepted"] == 1


def test_figures_are_served_although_counting_is_behind(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signalbox.runtime.routes.metrics.MAX_COUNT_SECONDS", 0.0)
    system.comment("/agent fix the login")

    metrics = figures(system)

    assert (metrics["complete"], metrics["webhooks"]) == (False, [])


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/metrics"])
@pytest.mark.parametrize("role", ["worker", None])
def test_figures_are_for_those_who_may_read_them(
    system: System, path: str, role: str | None
) -> None:
    answer = system.ask("GET", path, key=system.key(role) if role else None)

    assert answer.status == (403 if role else 401)


def test_wiring_makes_no_stream_client_for_who_does_not_count(system: System) -> None:
    wiring = Wiring(settings=system.wiring.settings, clock=system.clock)

    assert "streams" not in wiring.__dict__
