"""Bitbucket Cloud: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/."""
