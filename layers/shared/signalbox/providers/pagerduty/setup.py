"""How a webhook subscription of PagerDuty is set up. PagerDuty makes the secret.

https://support.pagerduty.com/main/docs/webhooks
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup, SecretForm

SETUP: Final = ProviderSetup(
    steps=(
        "In PagerDuty choose Integrations → Generic Webhooks (v3) → New Webhook.",
        "Webhook URL: {url}",
        "Scope type: account, team or service.",
        "Event subscription: {events}",
        "Choose Add Webhook, and copy the secret, which is shown once.",
        "Store it: `signalbox secrets set sources/{source}`",
        "Choose Send Test Event on the page of the webhook.",
    ),
    secret=SecretForm.ISSUED,
    command_events=frozenset({"incident.annotated"}),
    choices={
        "incident.triggered": "incident.triggered",
        "incident.acknowledged": "incident.acknowledged",
        "incident.unacknowledged": "incident.unacknowledged",
        "incident.resolved": "incident.resolved",
        "incident.reopened": "incident.reopened",
        "incident.priority_updated": "incident.priority_updated",
        "incident.escalated": "incident.escalated",
        "incident.delegated": "incident.delegated",
        "incident.reassigned": "incident.reassigned",
        "incident.annotated": "incident.annotated",
        "incident.status_update_published": "incident.status_update_published",
        "incident.responder.added": "incident.responder.added",
        "incident.responder.replied": "incident.responder.replied",
    },
)
