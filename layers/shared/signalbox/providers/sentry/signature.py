"""Sentry signs the raw body with the client secret of an integration, without a timestamp.

`Sentry-Hook-Timestamp` is not signed, so it says nothing about replays.
https://docs.sentry.io/integrations/integration-platform/webhooks/#sentry-hook-signature
"""

from dataclasses import replace
from typing import Final

from signalbox.ingress.signatures import HmacScheme

SCHEME: Final = HmacScheme(header="sentry-hook-signature")

COMPONENT_SCHEME: Final = replace(SCHEME, header="sentry-app-signature")
"""How the requests of UI components are signed, such as the check of an alert rule's settings.

https://docs.sentry.io/integrations/integration-platform/ui-components/
"""
