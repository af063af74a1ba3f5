"""Live updates over WebSocket: tickets, subscriptions, and how events reach their subscribers."""
