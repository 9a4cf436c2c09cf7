"""The state of a release as files: written once when it is made, read by every release after it.

One file for each changelog and topic, MessagePack: [[partition, key, value, headers], ...]; `positions.bin` for how far each
topic was read; a user's record with every field filled, and beside it what it says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.domain.events import Item, ItemRecord
from streams.domain.identity_records import IDENTITY_STATE_VERSION
from streams.domain.raw import RawRecord
from streams.domain.states import STATE_VERSION, pack_state
from streams.engine.table import MARKER_KEY, Marker, pack_marker
from streams.service.erase_letters import LETTER_STATE_VERSION
from tests.formats.full_state import a_full_state, named
from tests.formats.scenario import after, before
from tests.support.whole import NAMES, Table, Whole

FOLDER: Final = Path(__file__).parent
#: Source topic of each stage with a state -> (its changelog, the format that this release writes).
CHANGELOGS: Final = {
    NAMES.user_events: (NAMES.profile_state, STATE_VERSION),
    NAMES.identity: (NAMES.identity_state, IDENTITY_STATE_VERSION),
    NAMES.dead_letters: (NAMES.letter_state, LETTER_STATE_VERSION),
}
READ: Final = (NAMES.user_events, NAMES.identities, NAMES.profiles, NAMES.dead_letters)
FULL: Final = "full-state"
POSITIONS, AFTERWARDS = "positions", "profiles-afterwards"
Record = tuple[int, bytes | None, bytes | None, Any]
_encode = msgspec.msgpack.Encoder().encode


def releases() -> list[str]:
    """Those whose state is kept."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and (path / f"{POSITIONS}.bin").exists())


def records(release: str, name: str) -> list[Record]:
    """Of one file."""
    return msgspec.msgpack.decode((FOLDER / release / f"{name}.bin").read_bytes(), type=list[Record])


def keep(release: str) -> None:
    """Write the files of the release that this code is. Raises FileExistsError: what was kept is never written anew."""
    folder = FOLDER / release
    folder.mkdir()
    whole = Whole()
    before(whole)
    for source, (changelog, state_format) in CHANGELOGS.items():
        entries: list[Record] = []
        for (topic, partition), table in whole.tables.items():
            if topic == source:
                marker = Marker(topic, "", whole.at[topic, partition], state_format)
                held = [*table.items(), (MARKER_KEY, pack_marker(marker))]
                entries += [(partition, key, value, ()) for key, value in held]
        _write(folder, changelog, entries)
    for name in READ:
        _write(folder, name, _of_topic(whole, name))
    _write(folder, NAMES.item_vectors, [(0, b"shop:i1", _encode(_an_item()), ())])
    (folder / FULL).with_suffix(".bin").write_bytes(pack_state(a_full_state()))
    (folder / FULL).with_suffix(".json").write_text(json.dumps(named(a_full_state()), indent=1))
    _write(folder, POSITIONS, [(partition, topic.encode(), str(n).encode(), ()) for (topic, partition), n in _ends(whole)])
    after(whole)
    _write(folder, AFTERWARDS, _of_topic(whole, NAMES.profiles))


def opened(release: str) -> Whole:
    """This release's stages over the kept state, each topic read as far as it was then."""
    whole = Whole()
    for partition, topic, n, _ in records(release, POSITIONS):
        place = (topic or b"").decode(), partition
        whole.log[place] = [RawRecord(None)] * int(n or b"")
        whole.at[place] = int(n or b"")
    for partition, key, value, headers in records(release, NAMES.identities):
        at = NAMES.identities, partition
        whole.log.setdefault(at, []).append(RawRecord(value, headers, 0.0, at[0], partition, len(whole.log[at]), key))
    for source, (changelog, _) in CHANGELOGS.items():
        for partition, key, value, _ in records(release, changelog):
            if key != MARKER_KEY:
                whole.tables.setdefault((source, partition), Table())[key or b""] = value or b""
    whole.refresh()
    return whole


def _ends(whole: Whole) -> list[tuple[tuple[str, int], int]]:
    return [(place, len(found)) for place, found in whole.log.items() if place[0] != NAMES.identities]


def _of_topic(whole: Whole, name: str) -> list[Record]:
    return [
        (partition, record.key, record.value, record.headers)
        for (topic, partition), found in sorted(whole.log.items())
        if topic == name
        for record in found
    ]


def _write(folder: Path, name: str, entries: list[Record]) -> None:
    (folder / f"{name}.bin").write_bytes(_encode(entries))


def _an_item() -> ItemRecord:
    item = Item("i1", title="trail shoe", category="shoes", tags=("trail",), price=9.5, currency="USD")
    return ItemRecord("shop", item, "m@1", bytes(16), False, 1_750_000_000.0, 7)


