"""The settings of a source of GitHub."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from signalbox.ingress.api_settings import ApiUrl, MaxAgeHours
from signalbox.models.base import Model

APP_HOOK: Final = "app"

_OWNER: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_REPOSITORY: Final = r"\.{0,2}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}"
_HOOK: Final = rf"^(app|(orgs/{_OWNER}|repos/{_OWNER}/{_REPOSITORY})/hooks/[0-9]{{1,20}})$"


class GitHubRedelivery(Model):
    """Which deliveries are requested again.

    Attributes:
        hook: The webhook: `repos/OWNER/REPOSITORY/hooks/ID`, `orgs/ORGANIZATION/hooks/ID`, or `app`
            for the webhook of a GitHub App.
        app_id: The id or the client id of the App, whose private key is then the token.
        max_age_hours: The age up to which a delivery is requested again; GitHub has them for three
            days.
    """

    hook: Annotated[str, Field(pattern=_HOOK)]
    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,100}$")] | None = None
    max_age_hours: MaxAgeHours = 72

    @model_validator(mode="after")
    def _app_has_id(self) -> Self:
        if (self.hook == APP_HOOK) != (self.app_id is not None):
            raise ValueError("the hook `app` and an `app_id` belong together")
        return self


class GitHubSettings(Model):
    """The settings of a source.

    Attributes:
        api_url: The base URL of the API; for GitHub Enterprise Server `https://HOST/api/v3`.
        redelivery: The webhook whose missed deliveries are requested again; by default none.
    """

    api_url: ApiUrl = "https://api.github.com"
    redelivery: GitHubRedelivery | None = None
