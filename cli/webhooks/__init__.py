"""Sending signed webhooks, recorded or made up."""
