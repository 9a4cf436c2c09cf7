"""The way of a canary's event: published to Kafka as a platform does, looked for on a running serve."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from streams.cli.api_client import ApiClient
from streams.errors import Retryable, Unavailable
from streams.simulation.publisher import Delivery, Publisher
from streams.simulation.records import to_record


class KafkaToHttp:
    """Meets `canary.Way` with a producer, and with the profile of one account on a running serve."""

    def __init__(self, publisher: Publisher, client: ApiClient, platform: str, account: str) -> None:
        self._publisher = publisher
        self._client = client
        self._named = {"platform": platform, "account": account}
        self._profile_id = ""

    def check(self) -> None:
        """Ask once. Raises UsageError when serve refuses this caller; that it is not up yet is no reason to end."""
        with suppress(Unavailable):
            self._client.post("/v1/accounts/lookup", self._named)

    def send(self, event: dict[str, Any]) -> None:
        """Publish and wait. Raises Retryable."""
        self._publisher.delivery = Delivery()  # it sums up, and gives up after many
        delivery = self._publisher.publish([to_record(event, "json")])
        if delivery.failed:
            raise Retryable(delivery.first_error)

    def holds(self, identifier: str) -> bool:
        """Raises UsageError and Unavailable."""
        if not self._profile_id:
            found = self._client.post("/v1/accounts/lookup", self._named)
            if not found["known"]:
                return False
            self._profile_id = found["profile_id"]
        profile = self._client.get(f"/v1/profiles/{self._profile_id}", {})
        # Not `recent`: what weighs nothing is not kept there.
        return identifier in profile["change"]["trigger_ids"]
