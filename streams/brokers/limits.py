"""How large a record may be, topic by topic; each number follows from the one before it.

`ingest.max_event_bytes` (1 MB by default) says which events are *applied*. The brokers must accept much more than
that: a record the broker refuses is an error in the platform's producer, a record Braid refuses is a dead letter
with its original bytes that an operator can look at. `max.message.bytes` bounds a record batch as sent, hence a
compressed one; what a batch unfolds to is for the reader to bound.
"""

from __future__ import annotations

from typing import Final

MIB: Final = 1 << 20

#: `events.*`, `items`, `identity`: what platforms may send. The default of Kafka itself is 1 MiB.
INPUT_MAX_BYTES: Final = 10 * MIB
#: A dead letter is the original value, key and headers plus reason, detail and MessagePack framing.
DEAD_LETTER_MAX_BYTES: Final = INPUT_MAX_BYTES + MIB
#: State of one user, the profile made from it, and `user-events`, which carry state when accounts move between users.
STATE_MAX_BYTES: Final = 4 * MIB
#: A profile as JSON: two bytes of a vector become up to ten characters. A producer sends at most a dead letter.
MIRROR_MAX_BYTES: Final = DEAD_LETTER_MAX_BYTES
