"""Talks to a running serve with the standard library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from streams.errors import Unavailable, UsageError
from streams.serve.api_keys import HASHED
from streams.settings import Api

TIMEOUT_S: Final = 30.0
#: What listens on all addresses is asked on this machine.
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104


@dataclass(frozen=True)
class ApiClient:
    """url without a slash at its end; key empty when serve has none."""

    url: str
    key: str = ""

    @classmethod
    def of(cls, api: Api) -> ApiClient:
        """A client for the serve of these settings, with BRAID_API__KEY or the first raw key."""
        host = _ANY.get(api.host, f"[{api.host}]" if ":" in api.host else api.host)
        raw = (key for key in api.keys if not key.startswith(HASHED))
        return cls(f"http://{host}:{api.port}", api.key.get_secret_value() or next(raw, ""))

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """A JSON answer. Raises UsageError with what the API said, Unavailable when nothing answers."""
        return self._sent(Request(f"{self.url}{path}?{urlencode(query)}"))  # noqa: S310 - http by construction

    def post(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        """As `get`."""
        return self._sent(Request(f"{self.url}{path}", json.dumps(body).encode()))  # noqa: S310

    def delete(self, path: str) -> dict[str, Any]:
        """As `get`."""
        return self._sent(Request(f"{self.url}{path}", method="DELETE"))  # noqa: S310

    def _sent(self, request: Request) -> dict[str, Any]:
        request.add_header("Content-Type", "application/json")
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        # No proxy: a raw account id must not leave this way.
        opener = build_opener(ProxyHandler({}))
        try:
            with opener.open(request, timeout=TIMEOUT_S) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except HTTPError as error:
            raise _refusal(error) from None
        except (OSError, HTTPException) as error:
            raise Unavailable(
                f"BRAID_API__HOST, BRAID_API__PORT: nothing answers at {self.url} "
                f"({getattr(error, 'reason', error)}); start `braid serve`, or set where yours listens"
            ) from error
        except ValueError as error:
            raise Unavailable(
                f"BRAID_API__HOST, BRAID_API__PORT: {self.url} answers no JSON, so it is no serve"
            ) from error


def _refusal(error: HTTPError) -> UsageError:
    try:
        said = json.load(error)
        text = f"{said['message']}; {said['remedy']}"
    except (ValueError, KeyError):
        text = f"status {error.code}"
    # Nobody mistyped a setting when a person is not known: that is a failure, not wrong use.
    return Unavailable(text) if error.code in {404, 500, 503} else UsageError(text)
