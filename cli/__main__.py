"""`python -m cli` is the `signalbox` command."""

from cli.main import app

app()
