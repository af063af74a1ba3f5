"""The message that replaces the deferred answer to an interaction of Discord.

The token of an interaction is valid for 15 minutes, and is a secret.
https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field, JsonValue
from typing_extensions import override

from signalbox.egress.follow_up import FollowUpApi
from signalbox.egress.http_client import HttpRequest
from signalbox.ingress.payload import PayloadPart, decode_json, validate
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest
from signalbox.models.resource_settings import NoSettings, parse_settings
from signalbox.providers.discord.payload import Snowflake
from signalbox.providers.discord.provider import message_data

_API: Final = "https://discord.com/api/v10"


class _Credentials(PayloadPart):
    """What identifies an interaction to its application."""

    application_id: Snowflake
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.=-]{1,1000}$", repr=False)]


@frozen
class DiscordFollowUp(FollowUpApi):
    """The original answer to an interaction, which is edited."""

    @property
    @override
    def lifetime(self) -> timedelta:
        return timedelta(minutes=14)

    @override
    def request(self, received: InboundRequest, outcome: str) -> HttpRequest:
        interaction = validate(_Credentials, decode_json(received))
        place = f"webhooks/{interaction.application_id}/{interaction.token}"
        return HttpRequest(
            method="PATCH",
            url=f"{_API}/{place}/messages/@original",
            headers={"Content-Type": "application/json"},
            body=json.dumps(message_data(outcome)).encode(),
        )


def _open(settings: Mapping[str, JsonValue]) -> FollowUpApi:
    parse_settings(NoSettings, settings)
    return DiscordFollowUp()


FOLLOW_UP: Final = _open
