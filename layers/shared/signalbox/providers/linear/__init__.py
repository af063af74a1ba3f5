"""Linear: https://linear.app/developers/webhooks."""
