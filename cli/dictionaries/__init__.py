"""The dictionaries with which stored bodies and records are compressed."""
