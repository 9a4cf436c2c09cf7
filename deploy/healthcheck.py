#!/usr/bin/env python3
"""`healthcheck PORT ...`: exit code 0 when one of these ports of this machine answers /readyz with 200.

Several, because an image does not know which command it will run. Standard library only: it runs every few seconds.
"""

import http.client
import sys

TIMEOUT_S = 3.0


def is_ready(port: int) -> bool:
    """Whether a process of Braid at this port has nothing left to wait for."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        asking.request("GET", "/readyz")
        return asking.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()


if __name__ == "__main__":
    sys.exit(0 if any(is_ready(int(port)) for port in sys.argv[1:]) else 1)
