"""Builders of Lambda handlers: settings, telemetry and wiring."""
