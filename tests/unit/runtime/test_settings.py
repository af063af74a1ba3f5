import pytest
from pydantic import ValidationError

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
    assert Settings.from_environment().parameters == "/signalbox/signalbox-test"


def test_trusted_origins_stand_with_commas_between(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SIGNALBOX_TRUSTED_ORIGINS", " http://a , http://b,")

    assert Settings.from_environment().trusted == {"http://a", "http://b"}


def test_no_origin_is_trusted_where_none_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SIGNALBOX_TRUSTED_ORIGINS")

    assert Settings.from_environment().trusted == frozenset()


def test_whether_vendors_have_alarms_is_what_the_stack_was_deployed_with(
    environment: pytest.MonkeyPatch,
) -> None:
    by_default = Settings.from_environment().has_vendor_alarms
    environment.setenv("SIGNALBOX_VENDOR_ALARMS", "none")

    assert by_default
    assert not Settings.from_environment().has_vendor_alarms


def test_a_setting_that_is_wrong_is_named_as_it_is_written(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("SIGNALBOX_MAX_BODY_BYTES", "much")

    with pytest.raises(ValidationError, match=r"(?m)^SIGNALBOX_MAX_BODY_BYTES$") as caught:
        Settings.from_environment()

    assert caught.value.error_count() == 1
    assert "much" not in str(caught.value), "the value is nobody's business"


def test_a_setting_that_is_missing_is_named_as_it_is_written(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("SIGNALBOX_TASKS_TABLE")

    with pytest.raises(ValidationError, match=r"(?m)^SIGNALBOX_TASKS_TABLE$") as caught:
        Settings.from_environment()

    assert caught.value.error_count() == 1
