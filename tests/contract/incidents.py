"""What every store of incidents promises."""

from datetime import timedelta

import pytest

from signalbox.models.errors import WriteConflict
from signalbox.models.ids import ConnectionId
from signalbox.models.incident import (
    IncidentCause,
    IncidentLedger,
    IncidentRule,
    IncidentSeverity,
    IncidentSignal,
    incidents_after,
)
from signalbox.services.ports.incidents import IncidentStore
from tests.builders import NOW

CAUSE = IncidentCause(
    key="notifications/team",
    title="Notifications to the connection team fail",
    severity=IncidentSeverity.CRITICAL,
    link="/api/v1/notifications?connection=team",
    action="signalbox notifications list --connection team",
    connection=ConnectionId("team"),
)
RULE = IncidentRule(threshold=2, window=timedelta(hours=1), quiet=timedelta(hours=1))
SIGNALS = (
    IncidentSignal(cause=CAUSE, rule=RULE, failures=3, error="channel_not_found"),
    IncidentSignal(
        cause=CAUSE.model_copy(update={"key": "notifications/crew"}),
        rule=RULE,
        failures=1,
        error="",
    ),
)
LEDGER = incidents_after(
    IncidentLedger(version=1, totals={"failures": 7}, searched_until=NOW - timedelta(seconds=10)),
    SIGNALS,
    NOW,
)
"""With an incident that is open, and a failure without one."""


class IncidentStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> IncidentStore:
        raise NotImplementedError

    def test_an_empty_ledger_is_one_that_is_not_stored(self, store: IncidentStore) -> None:
        assert store.get() == IncidentLedger()

    def test_a_ledger_is_stored_as_it_is(self, store: IncidentStore) -> None:
        later = LEDGER.model_copy(update={"version": 2, "windows": {}})
        store.replace(IncidentLedger(), LEDGER)
        first = store.get()

        store.replace(LEDGER, later)

        assert first == LEDGER
        assert store.get() == later

    @pytest.mark.parametrize("version", [0, 2])
    def test_who_knows_another_version_writes_nothing(
        self, store: IncidentStore, version: int
    ) -> None:
        store.replace(IncidentLedger(), LEDGER)

        with pytest.raises(WriteConflict):
            store.replace(IncidentLedger(version=version), IncidentLedger(version=version + 1))

        assert store.get() == LEDGER
