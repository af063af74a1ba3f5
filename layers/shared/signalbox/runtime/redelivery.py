"""Build the handler of the function that calls providers every five minutes.

It requests missed webhooks and refreshes the networks that services publish.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import JsonValue

from signalbox.egress.delivery_log import HttpDeliveryLog
from signalbox.egress.http_client import HttpClient
from signalbox.models.errors import SendRefused, SignalboxError
from signalbox.models.frozen import frozen
from signalbox.models.networks import PublishedNetworks
from signalbox.models.source import Source
from signalbox.runtime.registry import delivery_log_opener
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.config.refresh_networks import RefreshNetworks
from signalbox.services.deliveries.redelivery import RedeliverMissed
from signalbox.services.deliveries.redelivery_run import RedeliveryResult, RedeliveryTools
from signalbox.services.ports.config import ConfigStore, SecretStore
from signalbox.services.ports.redelivery import DeliveryLog
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def redelivery(
    wiring: Wiring | None = None,
) -> Callable[[dict[str, JsonValue], "LambdaContext"], None]:
    """Return the handler."""
    wired = wiring or Wiring()
    log = logger()
    redeliver = RedeliverMissed(
        config=wired.config,
        open_log=_LogOpener(
            secrets=wired.secrets,
            http=HttpClient(trusted=wired.settings.trusted),
            clock=wired.clock,
        ),
        tools=RedeliveryTools(
            deliveries=wired.deliveries, store=wired.redelivery, clock=wired.clock
        ),
        random=wired.random,
    )

    refresh = RefreshNetworks(store=wired.config, fetch=wired.fetch_networks, clock=wired.clock)

    def handler(_event: dict[str, JsonValue], context: "LambdaContext") -> None:
        _refresh_networks(refresh, wired.config)
        for result in redeliver(lambda: context.get_remaining_time_in_millis() / 1000):
            log_result = log.error if result.failed else log.info
            log_result("redelivery", extra=_fields(result))
            if result.failed:
                count("RedeliveryFailed", {})

    return exported(handler, "timer", wired.telemetry_headers)


@frozen
class _LogOpener:
    secrets: SecretStore
    http: HttpClient
    clock: Clock

    def __call__(self, source: Source) -> DeliveryLog | None:
        """Return the log of the deliveries to a source, or None if its settings name none.

        Raises:
            SendRefused: The settings are not valid, or there is no token.
            Unavailable: The secrets did not answer.
        """
        opener = delivery_log_opener(source.provider) if source.settings else None
        api = opener(source.settings, self.clock) if opener else None
        if api is None:
            return None
        tokens = self.secrets.secrets(source.token_name)
        if not tokens:
            raise SendRefused(f"{source.token_name} has no token")
        return HttpDeliveryLog(api=api, send=self.http, tokens=tokens)


def _fields(result: RedeliveryResult) -> dict[str, JsonValue]:
    state = result.state
    looked_at = state.looked_at if state else None
    return {
        "provider": result.source.provider,
        "source": result.source.name,
        "missed": result.missed,
        "requested": result.requested,
        "healed": result.healed,
        "unhealable": result.unhealable,
        "open": len(state.deliveries) if state else None,
        "looked_at": looked_at.isoformat() if looked_at else None,
        "reason": result.reason,
    }


def _refresh_networks(refresh: RefreshNetworks, config: ConfigStore) -> None:
    """Refresh the networks of presets; nothing that fails here keeps from requesting webhooks."""
    log = logger()
    try:
        for networks in refresh(config.sources()):
            log_networks = log.error if networks.reason else log.info
            log_networks("networks", extra=_network_fields(networks))
            if networks.reason:
                count("NetworksNotRefreshed", {})
    except SignalboxError as error:
        log.error("networks", extra={"reason": error.reason})
        count("NetworksNotRefreshed", {})


def _network_fields(networks: PublishedNetworks) -> dict[str, JsonValue]:
    return {
        "networks_of": networks.service,
        "networks": len(networks.networks),
        "fetched_at": networks.fetched_at.isoformat() if networks.fetched_at else None,
        "reason": networks.reason,
    }
