"""Forward a WebSocket connection as the bytes that it consists of."""

import selectors
import socket

_CHUNK = 65_536


def copy_both_ways(one: socket.socket, other: socket.socket) -> None:
    """Copy what either of two sockets receives to the other, until one is closed."""
    peers = {one: other, other: one}
    with selectors.DefaultSelector() as selector:
        for each in peers:
            selector.register(each, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                source = key.fileobj
                if not isinstance(source, socket.socket):
                    continue
                try:
                    data = source.recv(_CHUNK)
                    peers[source].sendall(data)
                except OSError:
                    return
                if not data:
                    return
