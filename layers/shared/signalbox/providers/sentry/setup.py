"""How an integration of Sentry is set up. Sentry makes the secret.

https://docs.sentry.io/integrations/integration-platform/webhooks/
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup, SecretForm

SETUP: Final = ProviderSetup(
    steps=(
        "In Sentry choose Settings → Custom Integrations → Create New Integration → Internal.",
        "Webhook URL: {url}",
        "Switch on Alert Rule Action for alerts, and set the permission Issue & Event to Read.",
        "Webhooks: {events}",
        "Choose Save Changes, and copy the client secret.",
        "Store it: `signalbox secrets set sources/{source}`",
        "For alerts choose the integration as an action of the alert.",
    ),
    secret=SecretForm.ISSUED,
    command_events=frozenset({"comment"}),
    choices={
        "issue": "issue",
        "comment": "comment",
        "event_alert": "Alert Rule Action",
        "activity_alert": "Alert Rule Action",
        "metric_alert": "Alert Rule Action",
    },
)
