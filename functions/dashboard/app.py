"""The dashboard."""

from signalbox.runtime.dashboard import dashboard

handler = dashboard(__file__)
