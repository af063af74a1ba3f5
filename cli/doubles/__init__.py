"""Doubles of services: what connectors call on a laptop, instead of the services themselves."""
