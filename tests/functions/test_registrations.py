"""Instances register themselves at the API."""

from typing import Final

from pydantic import JsonValue

from signalbox.models.audit import AuditRecord, AuditResult, day_of
from signalbox.models.principal import Scope
from tests.builders import a_service
from tests.functions.system import ApiResponse, System

PATH: Final = "/api/v1/services/orders/instances"


def register(system: System, key: str, body: JsonValue = None, name: str = "i") -> ApiResponse:
    return system.ask("PUT", f"{PATH}/{name}", body or {"url": "https://i.example.com"}, key=key)


def audited(system: System) -> list[AuditResult]:
    """What became of the registrations that are in the audit log."""
    stored = system.wiring.audit.oldest(day_of(system.clock()))
    records = [AuditRecord.model_validate_json(row.document).entry for row in stored]
    return [record.result for record in records if record.action.startswith("PUT ")]


def test_an_instance_registers_sends_heartbeats_is_listed_and_deregisters(system: System) -> None:
    system.wiring.config.put(a_service(self_registration=True))
    key, admin = system.key(scopes=(Scope.SERVICES_REGISTER,)), system.key("admin")

    created = register(system, key)
    heartbeat = register(system, key)
    items = system.ask("GET", PATH, key=admin).items
    removed = system.ask("DELETE", f"{PATH}/i", key=key)
    again = system.ask("DELETE", f"{PATH}/i", key=key)

    assert (created.status, heartbeat.status, removed.status, again.status) == (201, 200, 204, 404)
    assert created.headers["location"] == f"{PATH}/i"
    assert created.json_body["ttl_seconds"] == 30
    assert [(item["id"], item["source"]) for item in items] == [
        ("a", "configured"),
        ("i", "registered"),
    ]


def test_a_key_that_may_only_register_may_do_nothing_else(system: System) -> None:
    system.wiring.config.put(a_service(self_registration=True))
    key = system.key(scopes=(Scope.SERVICES_REGISTER,))

    refused = [
        system.ask(method, path, key=key).status
        for method, path in (
            ("GET", PATH),
            ("GET", "/api/v1/services"),
            ("DELETE", "/api/v1/services/orders"),
            ("GET", "/api/v1/tasks"),
        )
    ]

    assert refused == [403] * 4


def test_heartbeats_are_audited_only_if_they_change_the_instance(system: System) -> None:
    system.wiring.config.put(a_service(self_registration=True))
    key = system.key(scopes=(Scope.SERVICES_REGISTER,))

    for weight in (1, 1, 1, 2, 2):
        register(system, key, {"url": "https://i.example.com", "weight": weight})
    register(system, key, {"url": "http://169.254.169.254"})
    register(system, key, name="a")

    assert audited(system) == [AuditResult.ALLOWED, AuditResult.ALLOWED]


def test_a_registration_that_is_denied_is_audited(system: System) -> None:
    system.wiring.config.put(a_service(self_registration=True))

    assert register(system, system.key("viewer")).status == 403
    assert audited(system) == [AuditResult.DENIED]


def test_a_body_that_is_not_valid_is_refused_with_the_place(system: System) -> None:
    system.wiring.config.put(a_service(self_registration=True))
    key = system.key(scopes=(Scope.SERVICES_REGISTER,))

    wrong: dict[str, JsonValue] = {
        "url": "https://u@i.example.com",
        "ttl_seconds": 5,
        "weight": 0,
        "metadata": {"a": "x" * 257},
    }
    for place, value in wrong.items():
        body: JsonValue = {"url": "https://i.example.com", place: value}
        response = register(system, key, body)

        assert response.status == 422
        assert place in response.text
