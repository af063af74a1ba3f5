"""Slack: https://docs.slack.dev/apis/events-api/ and https://docs.slack.dev/interactivity/."""
