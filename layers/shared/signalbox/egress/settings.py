"""Parse the settings of a connection."""

from typing import TypeVar

from pydantic import ValidationError

from signalbox.models.base import Model
from signalbox.models.config import Connection
from signalbox.models.errors import PayloadInvalid, SendRefused
from signalbox.models.validation_errors import describe_errors

S = TypeVar("S", bound=Model)


class SettingsInvalid(PayloadInvalid, SendRefused):
    """The settings are not valid for the connector."""


def parse_settings(model: type[S], connection: Connection) -> S:
    """Return the settings of the connection.

    Raises:
        SettingsInvalid: They are not valid. The message has their names but not their values.
    """
    try:
        return model.model_validate(connection.settings)
    except ValidationError as invalid:
        wrong = [f"{path}: {reason}" for path, reason in describe_errors(invalid, model)]
    raise SettingsInvalid(f"the settings are not right: {'; '.join(wrong)}")
