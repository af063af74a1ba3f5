"""What the scenario of the gateway needs of the local stack: its configuration and its logs."""

import time
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from cli.admin.audit import command_audit
from cli.admin.stack_manifest import manifest_of_stack
from cli.demo.environment import demo_environment
from cli.demo.gateway_scenario import DEMO_SERVICE, AccessLine, run_gateway_scenario
from cli.demo.webhooks import DEFAULT_PROVIDER, demo_webhook
from cli.local.log_group import LogGroup
from cli.local.logs import LogSource
from cli.locate import find_stack
from cli.target import Target
from signalbox.models.manifest import Manifest
from signalbox.models.service import Service

_OBJECT: Final = TypeAdapter(dict[str, JsonValue])


def play_gateway(target: Target) -> None:
    """Run the scenario of the gateway in the local stack.

    Raises:
        CommandError: A step does not end as expected.
    """
    stack = find_stack(target)
    apply_manifest = manifest_of_stack(stack)
    logs = LogGroup(
        client=stack.session.client("logs", endpoint_url=stack.endpoint_url),
        name=stack.outputs.function_logs,
    )

    def apply(manifest: Manifest) -> None:
        apply_manifest(manifest, prune=False, dry_run=False)

    def remove() -> None:
        for service in stack.config.all(Service):
            if service.name == DEMO_SERVICE:
                with command_audit(stack)("demo remove", f"service {DEMO_SERVICE}"):
                    stack.config.remove(service)

    environment = demo_environment(target, demo_webhook(DEFAULT_PROVIDER))
    run_gateway_scenario(environment, apply, remove, find_access_line(logs))


def find_access_line(logs: LogSource) -> AccessLine:
    """Return what finds the access line of a request among the lines from now on."""
    since = int(time.time() * 1_000)

    def access_line(request: str) -> Mapping[str, JsonValue] | None:
        for event in logs.since(since):
            if request in event.message and '"access"' in event.message:
                try:
                    return _OBJECT.validate_json(event.message)
                except ValidationError:
                    continue
        return None

    return access_line
