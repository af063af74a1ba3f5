"""What providers share: signature schemes, payloads, delivery keys, command texts."""
