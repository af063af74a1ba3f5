"""One package per provider: verifies, parses and interprets its webhooks. Pure."""
