"""What connectors share: the HTTP client, responses, settings, escaping."""
