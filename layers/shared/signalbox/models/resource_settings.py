"""Parse the settings of a source or connection by the model of its provider or connector."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from signalbox.models.base import Model
from signalbox.models.errors import PayloadInvalid, SendRefused
from signalbox.models.validation_errors import describe_errors

S = TypeVar("S", bound=Model)


class SettingsInvalid(PayloadInvalid, SendRefused):
    """The settings are not valid for the provider or connector."""


class NoSettings(Model):
    """The settings of what has none."""


def parse_settings(model: type[S], settings: Mapping[str, JsonValue]) -> S:
    """Return the settings of a source or connection.

    Raises:
        SettingsInvalid: They are not valid. The message has their names but not their values.
    """
    try:
        return model.model_validate(settings)
    except ValidationError as invalid:
        wrong = [
            f"{path}: {reason}" if path else reason
            for path, reason in describe_errors(invalid, model)
        ]
    raise SettingsInvalid(f"the settings are not right: {'; '.join(wrong)}")
