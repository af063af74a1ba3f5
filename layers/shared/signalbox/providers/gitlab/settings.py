"""The settings of a source of GitLab."""

from typing import Annotated, Final

from pydantic import Field

from signalbox.ingress.api_settings import ApiUrl
from signalbox.models.base import Model

_NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}"
_HOOK: Final = rf"^(projects|groups)/{_NAME}(/{_NAME}){{0,20}}/hooks/[0-9]{{1,18}}$"


class GitLabRedelivery(Model):
    """Which deliveries are requested again.

    Attributes:
        hook: The webhook: `projects/ID/hooks/ID` or `groups/ID/hooks/ID`. The first id is a number,
            or the path of the project or group.
    """

    hook: Annotated[str, Field(pattern=_HOOK)]


class GitLabSettings(Model):
    """The settings of a source.

    Attributes:
        api_url: The base URL of the API; for self-managed GitLab `https://HOST/api/v4`.
        redelivery: The webhook whose missed deliveries are requested again; by default none.
    """

    api_url: ApiUrl = "https://gitlab.com/api/v4"
    redelivery: GitLabRedelivery | None = None
