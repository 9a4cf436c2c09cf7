"""What an at-least-once stage has acked, the broker has: also when the process dies right after the ack."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.engine import writers
from streams.engine.effects import Outgoing
from streams.engine.faults import no_fault
from streams.engine.writers import IdempotentWriter
from tests.chaos import planted
from tests.chaos.fake_log import FakeBroker, FakeProducer

Groups = list[list[bytes]]
GROUPS: st.SearchStrategy[Groups] = st.lists(st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=5), min_size=1, max_size=6)


def acked_and_taken(groups: Groups) -> tuple[list[bytes], list[bytes]]:
    """What was acked before the process died, and what the broker then has."""
    broker = FakeBroker()
    broker.is_eager = False  # what the client has queued dies with it
    writer = IdempotentWriter({}, 5.0, partial(FakeProducer, broker))
    acked = []
    for group in groups:
        writer.write([Outgoing("out", [(b"k", value) for value in group], 0)], no_fault)
        acked += group
    return acked, [entry.value or b"" for entry in broker.partition("out", 0).committed()]


@pytest.mark.requirement("A8", "H12")
@settings(max_examples=30)
@given(GROUPS)
def test_whatever_was_acked_is_in_the_log_in_order(groups: Groups) -> None:
    acked, taken = acked_and_taken(groups)
    assert taken == acked


def test_a_writer_that_does_not_wait_for_the_broker_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers.IdempotentWriter, "_publish", writers.IdempotentWriter._publish)
    planted.no_delivery_wait()
    acked, taken = acked_and_taken([[b"a"], [b"b"]])
    assert taken != acked
