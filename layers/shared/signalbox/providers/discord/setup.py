"""How an application of Discord is set up. Discord makes its keys.

https://docs.discord.com/developers/interactions/overview#preparing-for-interactions
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup, SecretForm

SETUP: Final = ProviderSetup(
    steps=(
        "At https://discord.com/developers/applications choose New Application, or open one.",
        (
            "Copy the public key under General Information, and store it before you enter any "
            "URL: `signalbox secrets set sources/{source}`"
        ),
        "Interactions Endpoint URL, under General Information: {url}",
        "For events of the application enter the same URL under Webhooks, and choose: {events}",
        "Register the commands and install the application, as docs/providers/discord.md shows.",
    ),
    secret=SecretForm.ISSUED,
    choices={
        "application_authorized": "Application Authorized",
        "application_deauthorized": "Application Deauthorized",
        "entitlement_create": "Entitlement Create",
        "entitlement_update": "Entitlement Update",
        "entitlement_delete": "Entitlement Delete",
        "quest_user_enrollment": "Quest User Enrollment",
    },
)
