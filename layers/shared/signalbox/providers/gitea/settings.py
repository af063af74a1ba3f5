"""The settings of a source of Gitea or Forgejo."""

from signalbox.ingress.api_settings import ApiUrl
from signalbox.models.base import Model


class GiteaSettings(Model):
    """The settings of a source.

    Attributes:
        api_url: The base URL of the API, `https://HOST/api/v1`, to ask for permissions.
    """

    api_url: ApiUrl | None = None
