"""H13: segments by rule over the published profile, and since when somebody belongs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from confluent_kafka import Producer
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.segment_files import MAX_DEPTH, load_segments
from streams.adapters.topic_follower import Batch, Message
from streams.brokers.connection import producer_config
from streams.brokers.embedded import EmbeddedBroker
from streams.cli.segments import Census
from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.profiles import Consent, Model, ProfileRecord, encode_profile
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.segments import SegmentRules
from streams.domain.states import UserState
from streams.errors import UsageError
from streams.settings import Kafka

pytestmark = pytest.mark.requirement("H13")

NOW_S = 1_750_000_000.0
WEIGHTS = {"shop.product.viewed": 1.0, "shop.order.completed": 8.0, "social.post.liked": 3.0, "news.article.disliked": -3.0}
SHOE, PAN = Item("shoe", category="Running", brand="Acme"), Item("pan", category="Cooking", tags=("steel",))


def lived(*deeds: tuple[str, Item, float]) -> ProfileRecord:
    """The profile of what was done so many days ago."""
    state = UserState()
    observations = [
        Observation(
            number, "user",
            Event(event_id("s", str(number)), kind[:4], kind.partition(".")[0], kind, NOW_S - days * DAY_S, NOW_S, 1.0, item), -1,
        )
        for number, (kind, item, days) in enumerate(deeds)
    ]  # fmt: skip
    fold(FoldRules(2, WEIGHTS.__getitem__), {"user": state}, observations, np.zeros((0, 2), np.float32))
    return profile_of(PublishRules(Model("m", "1", 2), 2 * DAY_S, 60 * DAY_S), "user", state, Cause("update", []))


ADA = lived(
    ("shop.product.viewed", SHOE, 0.0), ("shop.order.completed", SHOE, 0.0), ("social.post.liked", PAN, 10.0),
    ("news.article.disliked", PAN, 0.0),
)  # fmt: skip


def rules(tmp_path: Path, text: str, recommend_default: bool = True) -> SegmentRules:
    file = tmp_path / "segments.toml"
    file.write_text(text, encoding="utf-8")
    return load_segments(str(file), recommend_default)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('all = [{ tag = "category:running", at_least = 9 }]', True),
        ('all = [{ tag = "category:running", above = 9 }]', False),
        ('all = [{ tag = "category:Running", platform = "shop", at_least = 9 }]', True),
        ('all = [{ tag = "category:running", platform = "news", at_least = 0 }]', False),
        ('all = [{ tag = "brand:acme", measure = "share", at_least = 0.3, below = 0.6 }]', True),
        ('all = [{ tag = "category:cooking", measure = "polarity", below = 0 }]', True),
        ('all = [{ tag = "category:running", measure = "support", at_least = 2 }]', True),
        ('all = [{ tag = "category:cooking", measure = "first_seen", older_than_days = 10 }]', True),
        ('all = [{ field = "platforms.shop.share", above = 0.5 }]', True),
        ('all = [{ field = "platforms.shop.counts.shop.order.completed", at_least = 1 }]', True),
        ('all = [{ field = "platforms.social.last_seen", newer_than_days = 10 }]', False),
        ('all = [{ field = "platforms.social.last_seen", older_than_days = 10 }]', True),
        ('all = [{ field = "platforms", at_least = 3 }, { field = "identity.accounts", at_most = 3 }]', True),
        ('all = [{ field = "quality.cold_start", equals = false }]', True),
        ('all = [{ field = "model.name", one_of = ["m", "n"] }]', True),
        ('any = [{ field = "events_applied", above = 100 }, { field = "events_applied", equals = 4 }]', None),
        ('any = [{ field = "events_applied", above = 100 }, { field = "quality.confidence", above = 0.4 }]', True),
        ('field = "events_applied"\nat_least = 4', True),
        ('not = { tag = "topic:chess", at_least = 0 }', True),
        ('all = [{ tag = "topic:chess", at_most = 5 }]', False),
        ('all = [{ field = "platforms.travel.share", below = 1 }]', False),
    ],
)
def test_a_rule_holds_or_not(tmp_path: Path, condition: str, holds: bool | None):
    text = f"[segments.s]\n{condition}"
    if holds is None:
        with pytest.raises(UsageError, match=r"equals: events_applied is a number; compare it with above"):
            rules(tmp_path, text)
    else:
        assert rules(tmp_path, text).of(ADA) == (["s"] if holds else [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"no segments; declare \[segments.<id>\]"),
        ("segmnts = 1", r"segmnts: no such table"),
        ("[segments.Big]\nall = []", r"segments.Big: name it in 1-64 characters"),
        ("[segments.a]\nall = []", r"segments.a: all: give it a list of 1-64 conditions"),
        ("[segments.a]\nall = [{}]", r"\{\} is no condition"),
        ("[segments.a]\ndescription = 3", r"description = 3: must be text"),
        ('[segments.a]\nall = [{ field = "platfroms.shop.share", above = 1 }]', r"no field 'platfroms'; did you mean platforms\?"),
        ('[segments.a]\nall = [{ field = "quality", above = 1 }]', r"'quality': stops too early; use one of"),
        ('[segments.a]\nall = [{ field = "quality.confidence.x", above = 1 }]', r"nothing below 'quality.confidence'"),
        ('[segments.a]\nall = [{ field = "vectors.long", above = 1 }]', r"cannot be compared"),
        ('[segments.a]\nall = [{ field = "change.kind", equals = "merge" }]', r"is decided after the profile was judged"),
        ('[segments.a]\nall = [{ field = "as_of", above = 1 }]', r"as_of is a time; compare it with newer_than_days"),
        ('[segments.a]\nall = [{ field = "revision", at_least = "x" }]', r"at_least = 'x': must be a number"),
        ('[segments.a]\nall = [{ field = "revision", at_least = true }]', r"at_least = True: must be a number"),
        ('[segments.a]\nall = [{ field = "revision", at_least = nan }]', r"at_least = nan: must be a number"),
        ('[segments.a]\nall = [{ field = "revision" }]', r"revision is compared with nothing; add one of above"),
        ('[segments.a]\nall = [{ field = "personalised", equals = "yes" }]', r"equals = 'yes': must be true or false"),
        ('[segments.a]\nall = [{ field = "model.name", one_of = [] }]', r"must be a list of texts"),
        ('[segments.a]\nall = [{ tag = "running", above = 1 }]', r"tag = 'running': name it <kind>:<value>"),
        ('[segments.a]\nall = [{ tag = "topic:x", measure = "mood", above = 1 }]', r"measure = 'mood': use one of score"),
        ('[segments.a]\nall = [{ tag = "topic:x", measure = "share", platform = "shop", above = 1 }]', r"only the score"),
        ('[segments.a]\nall = [{ tag = "topic:x", field = "revision", above = 1 }]', r"a `field` or a `tag`; name one"),
        ('[segments.a]\nall = [{ field = "revision", platform = "shop", above = 1 }]', r"platform: goes with `tag`"),
        ('[segments.a]\nall = [{ tag = "topic:x", above = 1 }]\nany = []', r"all and any in one table"),
        ("[segments.a]\nnot = " + "{ not = " * MAX_DEPTH + "{}" + " }" * MAX_DEPTH, r"more than 8 deep; flatten them"),
        ("[segments.a]\nx = " + "[" * 3000 + "]" * 3000, r"segments.toml: "),
        ("[segments.a\n", r"segments.toml: "),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_is_refused_with_file_segment_and_remedy(tmp_path: Path, text: str, said: str):
    with pytest.raises(UsageError, match=said) as caught:
        rules(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "segments.toml"))


def test_no_file_is_no_segments():
    assert load_segments("").of(ADA) == []


BUYERS = '[segments.buyers]\nall = [{ field = "platforms.shop.counts.shop.order.completed", at_least = 1 }]\n'
FANS = '[segments.fans]\nall = [{ tag = "category:running", at_least = 100 }]\n'


@pytest.mark.parametrize(
    "choice", [{"personalised": False}, {"consents": {"recommend": Consent("denied", NOW_S)}}], ids=["personalisation", "consent"]
)
def test_who_does_not_allow_it_is_in_no_segment(tmp_path: Path, choice: dict[str, Any]):
    assert rules(tmp_path, BUYERS).of(msgspec.structs.replace(ADA, **choice)) == []


def test_where_nobody_asked_the_default_decides(tmp_path: Path):
    assert rules(tmp_path, BUYERS, recommend_default=False).of(ADA) == []


def test_who_enters_keeps_the_time_and_who_leaves_is_told(tmp_path: Path):
    both = rules(tmp_path, BUYERS + FANS)
    first = both.judge(ADA, {})
    assert (first.entered_at, first.entered, first.left) == ({"buyers": ADA.updated_at}, ["buyers"], [])
    later = msgspec.structs.replace(ADA, updated_at=ADA.updated_at + 60.0)
    assert both.judge(later, first.entered_at) == ({"buyers": ADA.updated_at}, [], [])
    assert both.judge(later, {"fans": 1.0, "buyers": 2.0}) == ({"buyers": 2.0}, [], ["fans"])


def test_a_segment_that_is_declared_no_more_is_left(tmp_path: Path):
    assert rules(tmp_path, FANS).judge(ADA, {"buyers": 1.0}).left == ["buyers"]


conditions = st.recursive(
    st.sampled_from([{"tag": "category:running", "above": 1}, {"tag": "topic:chess", "above": 1}, {"field": "revision", "above": 0}]),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
    ),
    max_leaves=6,
)


def meant(condition: dict[str, Any]) -> bool:
    """The slow, obvious twin."""
    if "not" in condition:
        return not meant(condition["not"])
    if "all" in condition:
        return all(map(meant, condition["all"]))
    if "any" in condition:
        return any(map(meant, condition["any"]))
    return condition.get("tag") != "topic:chess"


def as_toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {as_toml(inner)}" for key, inner in value.items()) + " }"
    return "[" + ", ".join(map(as_toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


@given(conditions)
def test_any_nesting_means_what_logic_says(tmp_path_factory: pytest.TempPathFactory, condition: dict[str, Any]):
    text = "[segments.s]\n" + "\n".join(f"{key} = {as_toml(inner)}" for key, inner in condition.items())
    assert rules(tmp_path_factory.mktemp("s"), text).of(ADA) == (["s"] if meant(condition) else [])


def test_a_census_counts_the_living_by_their_last_profile(tmp_path: Path):
    census = Census(rules(tmp_path, BUYERS))
    poor = lived(("shop.product.viewed", SHOE, 0.0))
    values = [("a", ADA), ("b", ADA), ("c", poor), ("b", None), ("d", None)]
    messages = [Message(0, n, key.encode(), profile and encode_profile(profile), NOW_S) for n, (key, profile) in enumerate(values)]
    census.apply(Batch([*messages, Message(0, 9, b"e", b"\xc1", NOW_S)], {0: 10}, NOW_S))
    assert (census.counts(), len(census.belongs)) == ({"buyers": 1}, 2)


def test_the_command_shows_each_rule_in_words_and_counts_people_of_the_topic(
    tmp_path: Path, embedded_broker: EmbeddedBroker, topic_prefix: str
):
    rules(tmp_path, BUYERS + FANS)
    servers = embedded_broker.bootstrap_servers
    producer = Producer(producer_config(Kafka(bootstrap_servers=servers)))
    producer.produce(f"{topic_prefix}profiles", encode_profile(ADA), b"ada")
    assert producer.flush(30) == 0
    command = [sys.executable, "-m", "streams", "segments", "check", str(tmp_path / "segments.toml"), "--people", "--json"]
    where = {"BRAID_KAFKA__BOOTSTRAP_SERVERS": servers, "BRAID_TOPICS__PREFIX": topic_prefix}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | where)
    assert json.loads(done.stdout) == {
        "segments": [
            {"id": "buyers", "rule": "platforms.shop.counts.shop.order.completed at least 1", "n": 1},
            {"id": "fans", "rule": "score of category:running at least 100", "n": 0},
        ],
        "n_profiles": 1,
    }
