"""Receive, interpret, list, explain and replay deliveries."""
