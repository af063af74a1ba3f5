"""How a webhook of Trello is set up. Trello makes the secret, and a webhook by its API.

https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup, SecretForm

SETUP: Final = ProviderSetup(
    steps=(
        (
            "At https://trello.com/power-ups/admin create a Power-Up, and at API key choose "
            "Generate a new API key."
        ),
        "Copy the secret beside the API key and store it: `signalbox secrets set sources/{source}`",
        "Follow the link Token beside the API key, and allow access.",
        (
            "Create the webhook: POST to https://api.trello.com/1/webhooks with idModel (the id "
            "of the board), callbackURL, key and token. Trello sends all actions of the board."
        ),
        "callbackURL: {url}",
    ),
    secret=SecretForm.ISSUED,
)
