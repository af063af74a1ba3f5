import pytest

from signalbox.runtime.settings import Settings
from tests.integration.aws import deployed


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    with deployed() as stack:
        for name, value in stack.environment("ApiFunction").items():
            monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_the_template_sets_every_setting() -> None:
    assert Settings().parameters == "/signalbox/signalbox-test"


def test_trusted_origins_stand_with_commas_between(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SIGNALBOX_TRUSTED_ORIGINS", " http://a , http://b,")

    assert Settings().trusted == {"http://a", "http://b"}


def test_no_origin_is_trusted_where_none_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SIGNALBOX_TRUSTED_ORIGINS")

    assert Settings().trusted == frozenset()
