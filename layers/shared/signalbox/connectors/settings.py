"""Reads a connection's settings into the model of its connector."""

from typing import TypeVar

from pydantic import ValidationError

from signalbox.models.base import Model
from signalbox.models.config import Connection
from signalbox.models.errors import PayloadInvalid, SendRefused

S = TypeVar("S", bound=Model)


class SettingsInvalid(PayloadInvalid, SendRefused):
    """The settings are not those of the connector: wrong when checked, refused when sent with."""


def settings_of(model: type[S], connection: Connection) -> S:
    """The connection's settings. Raises SettingsInvalid, which names them but not their values."""
    try:
        return model.model_validate(connection.settings)
    except ValidationError as invalid:
        wrong = [
            f"{'.'.join(str(step) for step in error['loc'])}: {error['msg']}"
            for error in invalid.errors(include_url=False, include_context=False)
        ]
    raise SettingsInvalid(f"the settings are not right: {'; '.join(wrong)}")
