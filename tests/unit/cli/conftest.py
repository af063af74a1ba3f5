"""The commands of these tests see nothing of the user's shell; the doubles are served."""

from collections.abc import Iterator
from functools import partial

import pytest

from cli.local.echo import EchoInbox, EchoTarget
from cli.local.options import free_ports
from cli.local.serve import serve_http
from tests.commands.conftest import nothing_of_the_users_shell

__all__ = ["nothing_of_the_users_shell"]


@pytest.fixture
def echo() -> Iterator[str]:
    """The URL of an echo target, which serves the doubles."""
    (port,) = free_ports(1)
    with serve_http(port, partial(EchoTarget, inbox=EchoInbox())):
        yield f"http://127.0.0.1:{port}"
