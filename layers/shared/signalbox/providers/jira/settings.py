"""The settings of a source of Jira."""

from typing import Annotated

from pydantic import Field

from signalbox.ingress.api_settings import ApiUrl
from signalbox.models.base import Model


class JiraSettings(Model):
    """The settings of a source.

    Attributes:
        api_url: The URL of the site, `https://SITE.atlassian.net`, to ask for permissions.
        permission: The permission that a person needs in the project to give commands.
    """

    api_url: ApiUrl | None = None
    permission: Annotated[str, Field(pattern=r"^[A-Z_]{1,50}$")] = "EDIT_ISSUES"
