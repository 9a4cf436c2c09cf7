"""CloudEvents become a log as they become profiles: by the product's own gate and identity log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streams.adapters.mapping_files import decoder_for
from streams.cli.logged_events import event_log
from streams.domain.actions import ActionTable, action_of
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.limits import IngestLimits
from streams.domain.platforms import parse_platform
from streams.domain.raw import RawRecord
from streams.domain.readings import Reading
from streams.domain.states import UserState
from streams.evaluation.event_logs import SECRET, EventLog, Gate
from streams.evaluation.logs import Log
from streams.ranking.touch_weights import touch_weight
from streams.service.normalise import Normaliser
from tests.support.cloud_events import a_cloud_event, an_item

ACTIONS = ActionTable()
ANGRY = "Terrible, it broke after a day. A complete waste of money, do not buy!"


def a_log_of(*records: RawRecord) -> tuple[Log, int]:
    reading = EventLog(Gate(decoder_for({}))).take(records)
    return reading.log(), reading.n_refused


def on_shop(event_id: str, subject: str = "u-1", **changes: Any) -> RawRecord:
    return said("events.shop", a_cloud_event(id=event_id, subject=subject, **changes))


def said(topic: str, event: dict[str, Any], key: bytes | None = None) -> RawRecord:
    return RawRecord(json.dumps(event).encode(), topic=topic, key=key)


def test_events_are_ordered_by_time_and_weigh_what_their_kind_does():
    item = {"item": an_item(), "rating": 1.0}
    log, _ = a_log_of(
        on_shop("b", type="shop.product.viewed", time="2024-05-01T12:00:00Z"),
        on_shop("a", type="shop.review.posted", time="2024-05-01T11:00:00Z", data=item),
    )
    assert log.times_s.tolist() == [1_714_561_200.0, 1_714_564_800.0]
    assert log.weights[0] < 0 < log.weights[1]


@pytest.mark.requirement("A8")
def test_a_repeated_event_counts_once():
    assert len(a_log_of(on_shop("a"), on_shop("a"))[0]) == 1


def test_what_the_gate_refuses_is_counted_and_stops_nothing():
    log, n_refused = a_log_of(on_shop("a", type="shop.nothing.known"), on_shop("b"))
    assert (len(log), n_refused) == (1, 1)


def test_accounts_that_are_linked_are_one_person():
    link = {
        "specversion": "1.0", "id": "l", "source": "/crm", "type": "identity.linked", "time": "2024-05-02T00:00:00Z",
        "data": {"accounts": [{"platform": "shop", "account": "u-1"}, {"platform": "shop", "account": "u-2"}]},
    }  # fmt: skip
    apart, _ = a_log_of(on_shop("a"), on_shop("b", subject="u-2"))
    together, _ = a_log_of(on_shop("a"), on_shop("b", subject="u-2"), said("identity", link))
    assert (len(apart.user_names), len(together.user_names)) == (2, 1)


def test_a_shared_userid_links_too():
    log, _ = a_log_of(on_shop("a", userid="me"), on_shop("b", subject="u-2", userid="me"))
    assert len(log.user_names) == 1


def test_items_are_described_by_their_own_records_and_by_events():
    item = {"item": an_item(item_id="sku-2", title="Rain jacket", price=50.0)}
    record = said("items", a_cloud_event(type="shop.item.upserted", id="i", data=item), key=b"shop:sku-2")
    catalogue = a_log_of(record, on_shop("a"))[0].catalogue
    assert catalogue.titles == ("Rain jacket", "Trail shoe")
    assert catalogue.prices.tolist() == [50.0, 10.0]
    assert catalogue.platforms == ("shop",)


def test_no_raw_account_is_kept():
    assert "u-1" not in "".join(a_log_of(on_shop("a"))[0].user_names)


@pytest.mark.requirement("N1")
@pytest.mark.parametrize(
    ("action", "data", "weight"),
    [
        ("product.viewed", {}, 0.25),
        ("wishlist.added", {}, 0.75),
        ("review.posted", {"rating": 5.0}, 1.0),
        ("order.completed", {"quantity": 10.0}, 1.0),
        ("recommendation.dismissed", {}, -0.5),
        ("ad.clicked", {}, 0.0),
    ],
)
def test_an_event_weighs_what_the_ranker_of_serve_is_told(action, data, weight):
    log, _ = a_log_of(on_shop("a", type=f"shop.{action}", data={"item": an_item(), **data}))
    assert log.weights.tolist() == pytest.approx([weight])


def in_the_fold(record: RawRecord, score: float) -> float:
    """What an event with words that feel like this weighs in its account's state."""
    normaliser = Normaliser(SECRET, decoder_for({}), ACTIONS, IngestLimits())
    [(_, event)] = normaliser.normalise([record], parse_platform("shop")).events
    rules = FoldRules(
        dim=4,
        weight_of=lambda kind: ACTIONS.weight_of(action_of(kind)),
        declared=lambda kind: ACTIONS.get(action_of(kind)),
    )
    state = UserState()
    said_of_it = Reading(score, (), ())
    fold(rules, {"u": state}, [Observation(1, "u", event, -1, said_of_it)], np.zeros((0, 4), np.float32))
    return sum(recent.weight for recent in state.accounts[event.account].recent)


@pytest.mark.requirement("N1")
@pytest.mark.parametrize("score", [-1.0, -0.5, 0.9])
@pytest.mark.parametrize("action", ["review.posted", "video.commented", "cart.added", "product.viewed"])
@pytest.mark.parametrize("rating", [None, 4.0, 1.0])
def test_words_count_as_they_do_in_the_fold(action, rating, score):
    data = {"item": an_item(), "text": ANGRY} | ({} if rating is None else {"rating": rating})
    record = on_shop("a", type=f"shop.{action}", data=data)
    read = EventLog(Gate(decoder_for({}), feelings=lambda texts: np.full(len(texts), score)))
    assert read.take([record]).log().weights.tolist() == pytest.approx([touch_weight(in_the_fold(record, score))])


@pytest.mark.requirement("N1")
@pytest.mark.parametrize(("reads", "is_touch"), [("true", False), ("false", True)])
def test_an_angry_review_without_stars_is_no_touch_and_no_target(reads, is_touch, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("BRAID_ENCODER__MODEL", "hashed")
    monkeypatch.setenv("BRAID_MEANING__READ", reads)
    event = a_cloud_event(type="shop.review.posted", data={"item": an_item(), "text": ANGRY})
    (tmp_path / "events.jsonl").write_text(json.dumps(event) + "\n")
    log = event_log([tmp_path / "events.jsonl"])
    assert [weight > 0.0 for weight in log.weights.tolist()] == [is_touch]
