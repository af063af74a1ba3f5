"""How an app of Slack is set up. Slack makes the secret.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup, SecretForm

SETUP: Final = ProviderSetup(
    steps=(
        "At https://api.slack.com/apps choose Create New App, or open one.",
        (
            "Copy the signing secret under Basic Information, and store it before you enter "
            "any URL: `signalbox secrets set sources/{source}`"
        ),
        "Request URL, under Event Subscriptions: {url}",
        "Subscribe to bot events: {events}",
        "Enter the same URL for slash commands, and under Interactivity & Shortcuts.",
        "Choose Install to Workspace, and invite the app to its channels.",
    ),
    secret=SecretForm.ISSUED,
    command_events=frozenset({"app_mention"}),
    choices={
        "app_mention": "app_mention",
        "message": "message.channels",
        "message_changed": "message.channels",
        "message_deleted": "message.channels",
        "reaction_added": "reaction_added",
    },
)
