"""The gateway to services of the team."""

from signalbox.runtime.gateway import gateway

handler = gateway()
