"""Free loopback ports for brokers on this machine."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import Final

from streams.errors import Unavailable

HOST: Final = "127.0.0.1"
#: Below the range from which the kernel takes the near end of outgoing connections (32768 up on Linux). A client that
#: keeps trying a dead broker's port from that range can meet itself, and the restarted broker finds its port taken.
FIRST_PORT: Final = 20_000
N_PORTS: Final = 12_000
PORTS_PER_PROCESS: Final = 16


def free_ports(n_ports: int) -> list[int]:
    """Ports nobody listens on now. Processes start looking at different places, so that two rarely choose alike.

    Raises Unavailable when the range is used up.
    """
    start = os.getpid() * PORTS_PER_PROCESS % N_PORTS
    found: list[int] = []
    for step in range(N_PORTS):
        if len(found) == n_ports:
            return found
        port = FIRST_PORT + (start + step) % N_PORTS
        if is_free(port):
            found.append(port)
    raise Unavailable(f"no {n_ports} free ports between {FIRST_PORT} and {FIRST_PORT + N_PORTS}: stop other brokers")


def is_free(port: int) -> bool:
    """Whether one could listen on the port now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
