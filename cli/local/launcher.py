"""Runs ministack in a process of its own: python -m cli.local.launcher FUNCTION_PYTHON."""

import os
import signal
import sys
import threading

from ministack import app


def _stop_with_parent() -> None:
    """Our standard input ends when the parent does, however it died: save the state and go."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _call_loopback_secure() -> None:
    """The stack's policies refuse what does not come over TLS; here nothing does."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _: pin(address, secure_transport=True)


if __name__ == "__main__":
    # ministack runs functions with sys.executable, which has everything of our own environment
    sys.executable = sys.argv.pop(1)
    _call_loopback_secure()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    app.main()
