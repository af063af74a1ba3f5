"""Forwarding the deliveries of a source to a local address."""
