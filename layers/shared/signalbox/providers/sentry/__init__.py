"""Sentry: https://docs.sentry.io/integrations/integration-platform/webhooks/."""
