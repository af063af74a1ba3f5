"""Each connector of a provider that answers can do so with the settings of a source."""

from importlib import import_module

import pytest

from signalbox.models.base import JsonObject
from signalbox.runtime.registry import connector_names
from signalbox.services.notifications.replies import REPLYING
from tests.builders import a_connection
from tests.fakes.references import clients

SOURCES: dict[str, JsonObject] = {
    "github": {"redelivery": {"hook": "repos/o/r/hooks/1"}},
    "gitea": {"api_url": "https://gitea.example/api/v1"},
    "jira": {"api_url": "https://octo.atlassian.net", "permission": "EDIT_ISSUES"},
    "slack": {"api_url": "https://slack.com/api", "user_group": "S0123ABCD"},
}


@pytest.mark.parametrize("name", sorted(REPLYING & {*connector_names()}))
def test_a_connector_answers_with_the_settings_of_a_source(name: str) -> None:
    connector = import_module(f"signalbox.connectors.{name}").CONNECTOR(clients())
    source = import_module(f"signalbox.providers.{name}.provider").PROVIDER()
    settings = SOURCES.get(name, {})
    source.with_settings(settings)

    answers = connector.reply_settings(settings)

    connector.check(a_connection(connector=name, settings=answers))
