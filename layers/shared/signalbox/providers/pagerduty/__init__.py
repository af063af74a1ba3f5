"""PagerDuty: https://developer.pagerduty.com/docs/webhooks/v3-overview/."""
