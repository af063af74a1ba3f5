"""The worker of `signalbox work`."""
