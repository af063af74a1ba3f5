"""How a webhook of Linear is set up. Linear makes the secret.

https://linear.app/developers/webhooks
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup, SecretForm

SETUP: Final = ProviderSetup(
    steps=(
        "As an admin of the workspace choose Settings → API → Webhooks → New webhook.",
        "URL: {url}",
        "Data change events: tick {events}",
        "Copy the signing secret (lin_wh_…) and store it: `signalbox secrets set sources/{source}`",
        "Choose Create webhook.",
    ),
    secret=SecretForm.ISSUED,
    command_events=frozenset({"comment.create", "comment.update", "issue.create", "issue.update"}),
    choices={
        "comment": "Comments",
        "issue": "Issues",
    },
)
