"""The scenario of `signalbox demo`."""
