"""Webhooks of any service, by the settings of a source."""

import json
from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from signalbox.models.source import CommandPermission, Source
from signalbox.models.source_rules import SourceAnswer
from tests.functions.system import ApiResponse, Context, System, as_response, event

WEBHOOKS = "/api/v1/webhooks"


def call(
    system: System,
    path: str,
    body: JsonValue = None,
    *,
    method: str = "POST",
    source: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> ApiResponse:
    """The answer of the function, as API Gateway calls it with the parameter of the path."""
    sent = event(method, path, headers or {}, json.dumps(body).encode())
    sent["pathParameters"] = {"source": source} if source else None
    return as_response(system.webhooks("generic")(sent, Context()))


def wiki(system: System, **changes: object) -> None:
    facts = {
        "provider": "generic",
        "name": "wiki",
        "events": ("page.*",),
        "permission": CommandPermission.OFF,
        "settings": {"preset": "plain", "event_type": "body.event", "text": "body.text"},
    }
    system.wiring.config.put(Source.model_validate(facts | changes))
    system.wiring.secrets.put("sources/generic/wiki", ["a-token"])


@pytest.mark.parametrize("path", [f"{WEBHOOKS}/wiki", f"{WEBHOOKS}/generic/wiki"])
def test_a_source_is_at_its_own_name_and_below_generic(system: System, path: str) -> None:
    wiki(system)

    answer = call(
        system,
        path,
        {"event": "page/created", "text": "/run the links"},
        source="wiki",
        headers={"Authorization": "Bearer a-token"},
    )

    assert (answer.status, answer.word("status")) == (202, "accepted")
    kinds = [
        task["kind"] for task in system.ask("GET", "/api/v1/tasks", key=system.key("viewer")).items
    ]
    assert sorted(map(str, kinds)) == ["page.created", "run"]


@pytest.mark.parametrize("source", [None, "generic"])
def test_the_default_source_takes_standard_webhooks(system: System, source: str | None) -> None:
    answer = call(system, f"{WEBHOOKS}/generic", {"type": "a"}, source=source)

    assert (answer.status, answer.word("code")) == (401, "signature_invalid")


def test_a_wrong_token_is_401_and_an_unknown_source_404(system: System) -> None:
    wiki(system)
    wrong = {"Authorization": "Bearer another"}

    statuses = [
        call(system, f"{WEBHOOKS}/{name}", {}, source=name, headers=wrong).status
        for name in ("wiki", "unknown")
    ]

    assert statuses == [401, 404]


def test_a_delivery_without_a_type_is_replayed_when_the_settings_are_right(system: System) -> None:
    wiki(system)
    token = {"Authorization": "Bearer a-token"}
    failed = call(system, f"{WEBHOOKS}/wiki", {"kind": "page"}, source="wiki", headers=token)
    [delivery] = system.ask("GET", "/api/v1/deliveries", key=system.key("viewer")).items

    wiki(system, settings={"preset": "plain", "event_type": "join('.', [body.kind, 'moved'])"})
    system.clock.advance(seconds=300)
    replayed = system.ask(
        "POST", f"/api/v1/deliveries/{delivery['id']}/replay", key=system.key("operator")
    )

    assert (failed.status, failed.word("code")) == (400, "payload_invalid")
    assert replayed.status == 200
    assert len(system.ask("GET", "/api/v1/tasks", key=system.key("viewer")).items) == 1


def test_a_sender_of_cloudevents_may_ask_before_it_delivers(system: System) -> None:
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}

    answer = call(system, f"{WEBHOOKS}/wiki", method="OPTIONS", source="wiki", headers=asked)

    assert answer.status == 200
    assert answer.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert (answer.headers["webhook-allowed-rate"], answer.headers["allow"]) == ("*", "POST")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_a_webhook_is_sent_by_post(system: System, method: str) -> None:
    answer = call(system, f"{WEBHOOKS}/wiki", method=method, source="wiki")

    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_wrong_settings_are_refused_with_the_place_and_the_reason(system: System) -> None:
    source: JsonValue = {
        "provider": "generic",
        "name": "wiki",
        "settings": {"preset": "plain", "title": "body..title"},
    }

    answer = system.ask("PUT", "/api/v1/sources/generic/wiki", source, key=system.key("admin"))

    assert answer.status in {400, 422}
    assert "title: is no JMESPath expression, at character 6" in answer.word("detail")


@pytest.mark.parametrize("name", ["Grafana", "a b", "\x84", "é", "a/b", "x" * 2_000, "-", "..", ""])
def test_a_name_that_no_source_can_have_is_404(system: System, name: str) -> None:
    assert call(system, f"{WEBHOOKS}/{name}", {}, source=name or " ").status == 404


def test_a_source_answers_as_its_own_settings_say(system: System) -> None:
    wiki(system, answer=SourceAnswer(status=201, body={"received": True}))

    answer = call(
        system,
        f"{WEBHOOKS}/wiki",
        {"event": "page/created"},
        source="wiki",
        headers={"Authorization": "Bearer a-token"},
    )

    assert (answer.status, answer.json_body) == (201, {"received": True})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-signalbox-delivery"].startswith("dlv_")
