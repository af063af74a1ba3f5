"""Observing failures, grouping them into incidents, and alerting connections."""
