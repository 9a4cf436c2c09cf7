"""A stage's table read in order: the same entries as a sorted dictionary, on disk and in memory."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from rocksdict import Cache

from streams.engine.table import CHANGELOG_KEY, PartitionTable

KEYS = st.binary(min_size=1, max_size=3).filter(lambda key: key != CHANGELOG_KEY)
WRITES = st.lists(st.dictionaries(KEYS, st.one_of(st.none(), st.binary(max_size=3)), max_size=6), max_size=6)


@settings(max_examples=20, deadline=None)
@given(WRITES, KEYS, KEYS)
def test_a_scan_gives_what_lies_between_two_keys(
    tmp_path_factory, writes: list[dict[bytes, bytes | None]], begin: bytes, end: bytes
) -> None:
    table = PartitionTable(Path(tmp_path_factory.mktemp("table")) / "0", Cache(1 << 20))
    expected: dict[bytes, bytes] = {}
    for entries in writes:
        table.write(entries.items(), 1)
        expected = {key: value for key, value in (expected | entries).items() if value is not None}
    wanted = sorted((key, value) for key, value in expected.items() if begin <= key < end)
    assert [(key, value) for key, value in table.scan(begin, end) if key != CHANGELOG_KEY] == wanted
    table.close()
