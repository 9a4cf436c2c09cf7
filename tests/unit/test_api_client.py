"""What the command line makes of a serve that dies in the middle of an answer, or is none."""

from __future__ import annotations

import socket
import threading

import pytest

from streams.cli.api_client import ApiClient
from streams.errors import Unavailable


@pytest.mark.parametrize(
    "said",
    [b"", b"no HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ht>"],
)
def test_an_answer_that_is_none_is_a_serve_that_is_not_there(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4_096)
                connection.sendall(said)

        answering = threading.Thread(target=answer)
        answering.start()
        with pytest.raises(Unavailable, match="BRAID_API__HOST"):
            ApiClient(f"http://127.0.0.1:{listener.getsockname()[1]}").get("/v1/profiles/x", {})
        answering.join()
