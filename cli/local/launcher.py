"""Runs ministack in a process of its own: python -m cli.local.launcher FUNCTION_PYTHON."""

import os
import signal
import sys
import threading

from ministack import app
from ministack.services import lambda_svc, sqs


def _stop_with_parent() -> None:
    """Our standard input ends when the parent does, however it died: save the state and go."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _call_loopback_secure() -> None:
    """The stack's policies refuse what does not come over TLS; here nothing does."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _: pin(address, secure_transport=True)


def _forget_stream_positions() -> None:
    """How far a stream was read is kept, but not the stream: what is new would be skipped."""
    state = lambda_svc.get_state
    lambda_svc.get_state = lambda: {**state(), "dynamodb_stream_positions": {}}


def _keep_queue_urls() -> None:
    """A queue's URL is its name in the state, which must not change with the port."""
    sqs.DEFAULT_PORT = "4566"


if __name__ == "__main__":
    # ministack runs functions with sys.executable, which has everything of our own environment
    sys.executable = sys.argv.pop(1)
    _call_loopback_secure()
    _forget_stream_positions()
    _keep_queue_urls()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    app.main()
