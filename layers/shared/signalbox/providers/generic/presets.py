"""What known services send, as settings. docs/providers/generic.md has a table of them."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

_BEARER: Final[Mapping[str, JsonValue]] = {"verify": {"type": "bearer"}}

_STANDARD: Final[Mapping[str, JsonValue]] = {
    "event_type": "body.type",
    "occurred_at": "body.timestamp",
}

_ALERTS: Final[Mapping[str, JsonValue]] = {
    **_BEARER,
    "event_type": "body.status && join('.', ['alerts', body.status])",
    "detail": "body.commonLabels.alertname || body.groupLabels.alertname",
    "url": "body.alerts[0].dashboardURL || body.alerts[0].generatorURL || body.externalURL",
    "labels": "[body.commonLabels.severity, body.commonLabels.team]",
    "occurred_at": "body.alerts[0].startsAt",
}
"""The alerts of Alertmanager, after which Grafana models its own."""

PRESETS: Final[Mapping[str, Mapping[str, JsonValue]]] = {
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    "standard-webhooks": {
        **_STANDARD,
        "verify": {"type": "standard-webhooks"},
        "delivery_id": 'headers."webhook-id"',
    },
    # https://docs.svix.com/receiving/verifying-payloads/how-manual
    "svix": {
        **_STANDARD,
        "verify": {"type": "standard-webhooks", "headers": "svix"},
        "delivery_id": 'headers."svix-id"',
    },
    # https://docs.stripe.com/webhooks#verify-manually
    "stripe": {
        "verify": {
            "type": "hmac",
            "header": "stripe-signature",
            "prefix": "v1=",
            "separator": ",",
            "signed": "{timestamp}.{body}",
            "timestamp": {"header": "stripe-signature", "item": "t="},
        },
        "delivery_id": "body.id",
        "event_type": "body.type",
        "detail": "body.data.object.status",
        "title": "body.data.object.description || body.data.object.id",
        "url": "body.id && join('/', ['https://dashboard.stripe.com/events', body.id])",
        "repository": "body.account",
        "occurred_at": "body.created",
    },
    # https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
    "shopify": {
        "verify": {"type": "hmac", "header": "x-shopify-hmac-sha256", "encoding": "base64"},
        "delivery_id": 'headers."x-shopify-webhook-id"',
        "event_type": 'headers."x-shopify-topic"',
        "title": "body.name || body.title",
        "repository": 'headers."x-shopify-shop-domain"',
        "occurred_at": 'headers."x-shopify-triggered-at"',
    },
    # https://developer.zendesk.com/documentation/webhooks/verifying/
    "zendesk": {
        "verify": {
            "type": "hmac",
            "header": "x-zendesk-webhook-signature",
            "encoding": "base64",
            "signed": "{timestamp}{body}",
            "timestamp": {
                "header": "x-zendesk-webhook-signature-timestamp",
                "format": "iso8601",
            },
        },
        "delivery_id": 'headers."x-zendesk-webhook-invocation-id"',
        "event_type": "body.type",
        "detail": "body.event.current",
        "title": "body.detail.subject || body.subject",
        "repository": "body.account_id",
        "labels": "body.detail.tags",
        "occurred_at": "body.time",
    },
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points
    "grafana": {
        **_ALERTS,
        "title": "body.title",
        "repository": "body.commonLabels.service || body.commonLabels.grafana_folder",
    },
    # https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    "alertmanager": {
        **_ALERTS,
        "title": (
            "body.commonAnnotations.summary || body.commonLabels.alertname"
            " || body.groupLabels.alertname"
        ),
        "repository": "body.commonLabels.service || body.commonLabels.job",
    },
    # https://docs.datadoghq.com/integrations/webhooks/
    "datadog": {
        **_BEARER,
        "delivery_id": "body.id",
        "event_type": "body.event_type",
        "detail": "body.transition",
        "title": "body.title",
        "url": "body.link",
        "repository": "body.service || body.org.name",
        "labels": "body.priority",
        "occurred_at": "body.date",
    },
    # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
    "cloudevents": {
        **_BEARER,
        "delivery_id": (
            """join('/', [headers."ce-source" || body.source, headers."ce-id" || body.id])"""
        ),
        "event_type": 'headers."ce-type" || body.type',
        "title": 'headers."ce-subject" || body.subject',
        "repository": 'headers."ce-source" || body.source',
        "occurred_at": 'headers."ce-time" || body.time',
    },
    # https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
    "sns": {
        # verify is that of the source, since it names the topic
        "delivery_id": "body.MessageId",
        "ignore": (
            "(body.Type == 'SubscriptionConfirmation'"
            " && 'it asks to confirm a subscription: open the SubscribeURL in its body')"
            " || (body.Type == 'UnsubscribeConfirmation' && 'a subscription has ended')"
        ),
        "event_type": "body.Type",
        "detail": "body.Subject",
        "title": "body.Subject || body.Message",
        "repository": "body.TopicArn",
        "occurred_at": "body.Timestamp",
    },
    "plain": _BEARER,
}
