"""Calls of AWS without an SDK: what functions need on their usual way (decision 25)."""
