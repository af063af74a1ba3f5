"""Jira: https://developer.atlassian.com/cloud/jira/platform/webhooks/."""
