"""Published profiles as readers of the topic get them."""

from __future__ import annotations

import msgspec
import numpy as np

from streams.domain.profiles import (
    Account,
    Change,
    Consent,
    Identity,
    Interest,
    Model,
    PlatformBlock,
    ProfileRecord,
    Quality,
    Tag,
    Vectors,
)

DIM = 8
#: Unit norm; not all components are numbers that a float16 holds exactly in few decimals.
VECTOR = (np.arange(1, DIM + 1) / np.linalg.norm(np.arange(1, DIM + 1))).astype(np.float16)


def a_profile(profile_id: str = "cde213ff00000000", revision: int = 1, **changes: object) -> ProfileRecord:
    vector = VECTOR.tobytes()
    tag = Tag("trail running", "topic", 50.0, 1.0, 31, 1.0, 1_714_564_000.0, {"video": 50.0}, [])
    profile = ProfileRecord(
        schema_version=1,
        profile_id=profile_id,
        revision=revision,
        updated_at=1_714_564_700.5,
        as_of=1_714_564_700.0,
        events_applied=31,
        model=Model("hashed", "1", DIM),
        change=Change("update", ["00f1"]),
        identity=Identity([Account("video", "a" * 32, 1.0, 1_714_564_000.0)]),
        platforms={"video": PlatformBlock(1.0, 2.0, {"video.played": 31}, 50.0, 1.0, vector, vector, [tag])},
        vectors=Vectors(vector, vector, [Interest(vector, 50.0, "trail running", [])]),
        tags=[tag],
        recent=[],
        quality=Quality(False, 0.9, 0, False),
        consents={"recommend": Consent("granted", 1_714_564_000.0)},
    )
    return msgspec.structs.replace(profile, **changes)
