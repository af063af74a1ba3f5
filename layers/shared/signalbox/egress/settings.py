"""Reads a connection's settings into the model of its connector."""

from typing import TypeVar

from pydantic import ValidationError

from signalbox.models.base import Model
from signalbox.models.config import Connection
from signalbox.models.errors import PayloadInvalid, SendRefused
from signalbox.models.validation_errors import describe_errors

S = TypeVar("S", bound=Model)


class SettingsInvalid(PayloadInvalid, SendRefused):
    """The settings are not those of the connector: wrong when checked, refused when sent with."""


def parse_settings(model: type[S], connection: Connection) -> S:
    """Return the connection's settings.

    Raises:
        SettingsInvalid: Which names them but not their values.
    """
    try:
        return model.model_validate(connection.settings)
    except ValidationError as invalid:
        wrong = [f"{path}: {reason}" for path, reason in describe_errors(invalid, model)]
    raise SettingsInvalid(f"the settings are not right: {'; '.join(wrong)}")
