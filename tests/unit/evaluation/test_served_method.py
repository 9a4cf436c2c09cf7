"""What serve would answer is measured by asking it: the same profiles, feed, recommender and ranker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from streams.cli.catalogue_content import CatalogueContent
from streams.cli.served_methods import WISHES, served_methods, served_path
from streams.errors import UsageError
from streams.evaluation.logs import Log, targets_of
from streams.evaluation.methods.known import chosen
from streams.evaluation.methods.served import ServedMethod, ServedPath, Wish
from streams.evaluation.protocols import Plan
from streams.evaluation.replay import replay
from streams.ranking.live import Touch
from streams.serve.behaviour_feed import BehaviourFeed
from streams.settings import Settings
from tests.support.small_logs import DAY_S, a_catalogue, a_log, a_request, a_setting, a_step

TITLES = ["green tea", "black tea", "oolong tea", "white tea", "iron pan", "steel pan", "tea kettle", "tea cup"]
CATALOGUE = a_catalogue(["food"] * 4 + ["kitchen"] * 4, TITLES)


class Heard:
    """Meets `serve.behaviour_feed.BehaviourSink`, as far as it is told of touches and links."""

    def __init__(self) -> None:
        self.touches: list[Touch] = []
        self.people: list[Sequence[str]] = []

    def observe(self, touches: Sequence[Touch]) -> None:
        self.touches += touches

    def link(self, people: Sequence[Sequence[str]]) -> None:
        self.people += people


@pytest.fixture(autouse=True)
def an_encoder_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_ENCODER__MODEL", "hashed")


def a_path() -> ServedPath:
    settings = Settings.load()
    return served_path(CatalogueContent(CATALOGUE, settings), settings)


def test_without_behaviour_content_alone_decides_as_it_does_in_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    assert a_path().recommender.behaviour is not None
    monkeypatch.setenv("BRAID_RECOMMEND__BEHAVIOUR", "false")
    assert a_path().recommender.behaviour is None


def a_method(path: ServedPath, k: int = 200) -> ServedMethod:
    return ServedMethod("braid_served", path, Wish(k, 0.0), CATALOGUE)


def a_hearing_method() -> tuple[ServedMethod, Heard]:
    heard = Heard()
    feed = BehaviourFeed(heard)  # type: ignore[arg-type]
    feed.fill((), ())
    return a_method(replace(a_path(), feed=feed)), heard


@pytest.mark.requirement("N1")
def test_the_answer_is_the_recommenders():
    path = a_path()
    method = a_method(path)
    method.learn(a_step((0, 0), (1, 0), (1, 1), (1, 4), day=1))
    [ranking] = method.rank(a_request(0, day=2))
    assert ranking.scores is None
    # Not what the person had, nothing of another platform, and first what somebody alike took to.
    assert set(ranking.items.tolist()) == {1, 2, 3}
    assert ranking.items[0] == 1
    assert len(a_method(path, k=2).rank(a_request(0, day=2))[0].items) == 2


def test_somebody_unknown_is_shown_what_is_popular():
    method = a_method(a_path())
    method.learn(a_step((0, 3), (1, 3), (1, 2)))
    assert method.rank(a_request(2, day=1))[0].items.tolist() == [3, 2]


def test_the_ranker_hears_what_people_took_to_and_which_accounts_are_theirs():
    method, heard = a_hearing_method()
    step = a_step((0, 0), (0, 4), (1, 1))
    method.learn(replace(step, weights=np.array([1.0, 0.25, -0.75])))
    assert sorted((touch.account, touch.item, touch.weight) for touch in heard.touches) == [
        ("food:0", "food:0", 1.0),
        ("kitchen:0", "kitchen:4", 0.25),
    ]
    assert heard.people == [["food:0", "kitchen:0"]]


def test_an_account_does_no_more_at_once_than_its_profile_keeps(monkeypatch):
    monkeypatch.setenv("BRAID_PROFILE__RECENT_EVENTS", "2")
    method, heard = a_hearing_method()
    method.learn(a_step((0, 0), (0, 1), (0, 2)))
    method.learn(a_step((0, 3), day=1))
    assert len(heard.touches) == 3
    assert heard.touches[-1].item == "food:3"


@pytest.mark.requirement("N1")
def test_what_comes_later_changes_no_answer():
    random = np.random.default_rng(0)
    events = [(int(random.integers(5)), int(random.integers(8)), float(day)) for day in range(30)]
    log = a_log(events, CATALOGUE)

    def lists_of(known: Log) -> list[list[int]]:
        users, items, times_s = log.users[20:24], log.items[20:24], log.times_s[20:24]
        plan = Plan("any", known, targets_of(known, users, items, times_s))
        return replay(plan, served_methods()["braid_served"], seed=0).shown.tolist()

    assert lists_of(log) == lists_of(log.only(log.times_s < 24 * DAY_S))


def test_serve_is_asked_only_when_it_is_named():
    further = served_methods()
    assert not WISHES.keys() & chosen((), further, has_shared_clock=True).keys()
    assert list(chosen(["braid_served"], further, has_shared_clock=True)) == ["braid_served"]
    with pytest.raises(UsageError, match="braid_served"):
        chosen(["braid_served"], further, has_shared_clock=False)


def test_every_list_of_serve_can_be_made_over_one_catalogue():
    made = [make(a_setting(CATALOGUE)) for make in served_methods().values()]
    assert [method.name for method in made] == ["braid_served", "braid_served_diverse"]
