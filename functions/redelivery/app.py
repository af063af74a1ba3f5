"""Asks providers every five minutes to repeat the webhooks that did not arrive."""

from signalbox.runtime.redelivery import redelivery

handler = redelivery()
