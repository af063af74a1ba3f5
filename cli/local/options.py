"""The directory and the ports of a local stack."""

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cli.target import PROJECT

HOST = "127.0.0.1"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOptions:
    """The options of one local stack. Stacks with other directories and ports are independent.

    The stack sends emails to a server at `smtp_port`, which the demo starts.
    """

    project: Path = PROJECT
    home: Path = PROJECT / ".signalbox"
    stack_name: str = "signalbox-local"
    port: int = 4600
    echo_port: int = 4601
    cloud_port: int = 4602
    smtp_port: int = 4603
    enforce_iam: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def at_port(cls, home: Path, port: int) -> Self:
        """Return the options of a stack with its API at a port, and the rest at the next ones."""
        return cls(
            home=home, port=port, echo_port=port + 1, cloud_port=port + 2, smtp_port=port + 3
        )

    @property
    def base_url(self) -> str:
        """Return the URL of the API."""
        return f"http://{HOST}:{self.port}"

    @property
    def websocket_url(self) -> str:
        """Return the URL of live updates."""
        return f"ws://{HOST}:{self.port}/live"

    @property
    def echo_url(self) -> str:
        """Return the URL of the target for demos and tests."""
        return f"http://{HOST}:{self.echo_port}"

    @property
    def trusted_origins(self) -> str:
        """Return the origins of this machine that connectors may reach, with commas between."""
        return f"{self.echo_url},http://{HOST}:{self.smtp_port}"

    @property
    def endpoint_url(self) -> str:
        """Return the AWS endpoint."""
        return f"http://{HOST}:{self.cloud_port}"


def free_ports(count: int) -> list[int]:
    """Return ports on which nobody listens now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]


def isolated_options(home: Path, *, enforce_iam: bool = False) -> LocalOptions:
    """Return a stack of its own under `home`, on free ports: for tests and demos."""
    port, echo_port, cloud_port, smtp_port = free_ports(4)
    return LocalOptions(
        home=home,
        port=port,
        echo_port=echo_port,
        cloud_port=cloud_port,
        smtp_port=smtp_port,
        enforce_iam=enforce_iam,
    )
