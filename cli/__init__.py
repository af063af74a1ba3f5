"""The `signalbox` command and the tools of the repository."""
