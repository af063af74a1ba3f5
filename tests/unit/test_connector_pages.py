"""Each page in docs/connectors has the settings of its connector."""

from importlib import import_module
from typing import Final

import pytest

from cli.target import PROJECT
from signalbox.runtime.registry import connector_names

NAMES: Final = connector_names()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_every_setting_of_its_connector(name: str) -> None:
    page = (PROJECT / f"docs/connectors/{name}.md").read_text()

    settings = import_module(f"signalbox.connectors.{name}").CONNECTOR.settings_model.model_fields
    assert [setting for setting in settings if f"| `{setting}` |" not in page] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_leads_to_the_page(name: str) -> None:
    assert f"(docs/connectors/{name}.md)" in (PROJECT / "README.md").read_text()
