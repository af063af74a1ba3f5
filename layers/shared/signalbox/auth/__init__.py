"""Who calls: API keys, tokens, roles, rate limits, cursors."""
