"""The protocols of everything outside: stores, queues, vendors, time."""
