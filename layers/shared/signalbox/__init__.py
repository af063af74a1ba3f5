"""Signalbox: webhooks in, durable tasks, notifications out."""
