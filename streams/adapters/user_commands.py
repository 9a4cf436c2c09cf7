"""What is asked of a user's record, as an event in its own order: written to `user-events`, confirmed by the broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.domain.consents import Will
from streams.domain.events import EVENT_ID_BYTES, Event
from streams.domain.wills import ERASURE_REQUESTED, PROFILE_EXPIRED, PROFILE_REENCODED
from streams.errors import Unavailable
from streams.ports import Clock

PLATFORM: Final = "braid"
CONFIRM_S: Final = 10.0

_encode: Final = msgspec.msgpack.Encoder().encode


class UserCommands:
    """Meets `ports.Erasures`. The producer is made at the first command: most processes never send one."""

    def __init__(self, config: Mapping[str, object], topic: str, clock: Clock) -> None:
        self._config = dict(config)
        self._topic = topic
        self._clock = clock
        self._producer: Producer | None = None

    def request(self, profile_id: str, request_id: bytes) -> None:
        """Ask for an erasure; returns once the request cannot be lost. Raises Unavailable."""
        self._send([(profile_id, self._event(profile_id, request_id, ERASURE_REQUESTED, Will(erase=True)))])

    def expire(self, users: Sequence[str], before_s: float) -> None:
        """Ask users to let go of what they hold, if nothing came since `before_s`. Raises Unavailable."""
        will = Will(expire_before_s=before_s)
        name = f"{before_s:.0f}"
        self._send([(user, self._event(user, _name_of(user, name), PROFILE_EXPIRED, will)) for user in users])

    def reencode(self, users: Sequence[str], space: bytes) -> None:
        """Ask users to be published in this space. Raises Unavailable."""
        will, name = Will(reencode=True), space.hex()
        self._send([(user, self._event(user, _name_of(user, name), PROFILE_REENCODED, will)) for user in users])

    def _event(self, user: str, event_id: bytes, action: str, will: Will) -> Event:
        now_s = self._clock.now_s()
        return Event(event_id, user, PLATFORM, f"{PLATFORM}.{action}", now_s, now_s, 0.0, will=will)

    def _send(self, events: Sequence[tuple[str, Event]]) -> None:
        failures: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failures.append(error)

        producer = self._producer = self._producer or Producer(self._config)
        try:
            for user, event in events:
                producer.produce(self._topic, _encode(event), user.encode(), on_delivery=delivered)
            left = producer.flush(CONFIRM_S)
        except (KafkaException, BufferError) as error:
            raise Unavailable(f"topic {self._topic}: a command was not taken ({error}); ask again") from error
        if left or failures:
            why = failures[0].str() if failures else f"no answer within {CONFIRM_S:.0f} s"
            raise Unavailable(f"topic {self._topic}: a command is not confirmed ({why}); ask again")


def _name_of(user: str, asked: str) -> bytes:
    """The same sweep asks a user with the same id."""
    return blake2b(f"{user} {asked}".encode(), digest_size=EVENT_ID_BYTES).digest()
