from signalbox.models.source import Source
from signalbox.services.config.find_source import find_source
from tests.builders import a_source
from tests.fakes.config import FakeConfigStore


def test_a_source_that_is_not_configured_is_the_default_one() -> None:
    config = FakeConfigStore(a_source(provider="jira", enabled=False))

    assert find_source(config, "github", "default") == Source(provider="github")
    assert find_source(config, "github", "other") is None
    assert find_source(config, "jira", "default") is None
