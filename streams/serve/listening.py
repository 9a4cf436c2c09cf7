"""A socket for HTTP: taken before anything slow begins, so that a taken port is known at once."""

from __future__ import annotations

import socket

from streams.errors import UsageError


def listen(host: str, port: int, setting: str = "BRAID_API__PORT") -> socket.socket:
    """A bound socket; port 0 takes any free one. Raises UsageError, naming the setting of the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's delay off only where it is: without it answers take 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"{setting}={port}: {host}:{port} cannot be listened on ({error.strerror}); "
            "set another port, or 0 for any free one"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where it can be reached from this machine."""
    host, port = listener.getsockname()[:2]
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{named}:{port}"
