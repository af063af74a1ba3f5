"""The settings of a source of Slack."""

from typing import Annotated

from pydantic import Field

from signalbox.ingress.api_settings import ApiUrl
from signalbox.models.base import Model


class SlackSettings(Model):
    """The settings of a source.

    Attributes:
        api_url: The base URL of the Web API; for GovSlack `https://slack-gov.com/api`.
        user_group: The id of the user group whose members may give commands, such as `S0123ABCD`.
    """

    api_url: ApiUrl = "https://slack.com/api"
    user_group: Annotated[str, Field(pattern=r"^S[A-Z0-9]{2,20}$")] | None = None
