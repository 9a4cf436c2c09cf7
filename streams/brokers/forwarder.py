"""A fixed port in front of a server that chooses its own."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Final

from streams.brokers.ports import HOST
from streams.errors import UsageError

CHUNK_BYTES: Final = 65_536
CONNECT_TIMEOUT_S: Final = 5.0


class Forwarder:
    """Passes every connection to `HOST:port` on to `target`, two threads a connection.

    Good for the few connections through which clients ask where the brokers are, not for traffic. Raises UsageError
    when the port is taken.
    """

    def __init__(self, port: int, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listener.bind((HOST, port))
        except OSError as error:
            self._listener.close()
            raise UsageError(f"--port {port}: {error.strerror}; choose another, or 0 for any free one") from error
        self._listener.listen()
        self.address = f"{HOST}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="forwarder", daemon=True).start()

    def close(self) -> None:
        """Take no more connections; those that stand end with the target."""
        with suppress(OSError):  # not connected, but it wakes the accepting thread
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, CONNECT_TIMEOUT_S)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(source, sink), name="forwarder", daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            sink.sendall(chunk)
    # The other direction is waiting in recv: this is what ends it.
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
