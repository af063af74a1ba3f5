"""The providers and connectors of this installation, for the function that speaks of them all.

Each is loaded when it is first asked for: most requests ask for none.
"""

from functools import cache, partial

from signalbox.services.config_rules import Vocabularies
from signalbox.services.configure import Connectors
from signalbox.services.ports import Connector, Provider, Providers


def providers() -> Providers:
    """Every provider by name."""
    return {"github": _github}


def vocabularies() -> Vocabularies:
    """The events that each provider reads."""
    return {name: make().events for name, make in providers().items()}


def connectors(trusted: frozenset[str]) -> Connectors:
    """Every connector by name; `trusted` are origins that they may reach although private."""
    return {"slack": partial(_slack, trusted)}


@cache
def _github() -> Provider:
    from signalbox.providers.github.provider import GitHub  # noqa: PLC0415  see above

    return GitHub()


@cache
def _slack(trusted: frozenset[str]) -> Connector:
    from signalbox.connectors.slack import Slack  # noqa: PLC0415  see above
    from signalbox.connectors.transport import Http  # noqa: PLC0415  see above

    return Slack(http=Http(trusted=trusted))
