"""GitHub: https://docs.github.com/webhooks."""
