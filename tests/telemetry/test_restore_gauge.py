"""The gauge of a restore ends at 0: what is left over looks like a restore that stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError

from streams.engine.recovery import ChangelogSource, restore


@dataclass
class Record:
    at: int
    fault: KafkaError | None = None

    def error(self) -> KafkaError | None:
        return self.fault

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes:
        return b"user"

    def value(self) -> bytes:
        return b"state"


@dataclass
class Log:
    """A changelog whose last offset is the marker of a transaction: counted by the watermark, never delivered."""

    n_records: int
    polls: list[list[Record]] = field(default_factory=list)

    def __call__(self, _config: dict[str, Any]) -> Log:
        records = [Record(at) for at in range(self.n_records)]
        end = Record(self.n_records + 1, KafkaError(KafkaError._PARTITION_EOF))
        self.polls = [records, [end]]
        return self

    def get_watermark_offsets(self, _position: Any, **_: Any) -> tuple[int, int]:
        return (0, self.n_records + 1)

    def assign(self, _positions: Any) -> None:
        pass

    def consume(self, _n: int, _timeout: float) -> list[Record]:
        return self.polls.pop(0) if self.polls else []

    def close(self) -> None:
        pass


class Table:
    changelog_next = 0

    def write(self, entries: Any, next_offset: int) -> None:
        self.changelog_next = next_offset


@pytest.mark.parametrize(("n_records", "left"), [(3, [1, 0]), (0, [])])
def test_a_restore_that_is_done_leaves_nothing(n_records: int, left: list[int]) -> None:
    told: list[tuple[int, int, int]] = []
    source = ChangelogSource({}, "profile-state", 5.0, Log(n_records))
    assert restore(source, 2, Table(), lambda *progress: told.append(progress)) == n_records
    assert [each[2] for each in told] == left
    assert sum(each[1] for each in told) == n_records
