"""Trello: https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/."""
