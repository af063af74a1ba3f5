"""Build the handler of the dashboard, without the settings that other functions need."""

from pathlib import Path

from signalbox.http.dashboard import Dashboard
from signalbox.runtime.environment import process_environment


def dashboard(app: str) -> Dashboard:
    """Return the handler of the files in `static`, beside the module `app`."""
    connect = process_environment().get("SIGNALBOX_WEBSOCKET_URL", "")
    return Dashboard(Path(app).parent / "static", connect=connect)
