"""Send, list and test notifications; circuits of connections."""
