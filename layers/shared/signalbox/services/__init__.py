"""Use cases, one per module; what they need from outside is in `ports`."""
