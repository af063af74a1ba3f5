"""Back up what a stack stores to one file, and restore it."""
