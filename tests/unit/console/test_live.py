"""Open pages hear of the people and parts that they show, and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from streams.console import live as module
from streams.console.live import Live, Viewer, message


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns come at once; time counts as it would."""
    sleep = asyncio.sleep

    async def at_once(_: float) -> None:
        await sleep(0)

    monkeypatch.setattr(module.asyncio, "sleep", at_once)


def heard(stream: AsyncIterator[str], n: int, then=lambda: None) -> list[str]:
    """The first message, then what `then` does, then `n` more."""

    async def hear() -> list[str]:
        first = [await anext(stream)]
        then()
        first += [await anext(stream) for _ in range(n)]
        await stream.aclose()
        return first

    return asyncio.run(hear())


def test_a_page_hears_a_beat_at_once_and_goes_on_hearing_it() -> None:
    live = Live()
    assert heard(live.stream(Viewer([], [])), 2) == [message("beat", "")] * 3


def test_a_page_hears_of_the_people_it_shows_once_for_many_changes() -> None:
    live = Live()

    def many_changes() -> None:
        for _ in range(100):
            live.changed(["ada", "bob"])

    stream = live.stream(Viewer(["ada"], []))
    assert heard(stream, 2, many_changes) == [message("beat", ""), message("changed", "ada"), message("beat", "")]


def test_a_shared_part_comes_in_its_newest_form() -> None:
    live = Live()

    def twice() -> None:
        live.publish("flow", "<p>1</p>")
        live.publish("flow", "<p>2</p>\n<p>3</p>")

    told = heard(live.stream(Viewer([], ["flow"])), 1, twice)
    assert told[1] == "event: part-flow\ndata: <p>2</p>\ndata: <p>3</p>\n\n"


def test_who_comes_later_gets_the_part_that_there_is() -> None:
    live = Live()
    live.publish("flow", "<p>now</p>")
    assert heard(live.stream(Viewer([], ["flow"])), 1)[1] == message("part-flow", "<p>now</p>")


def test_who_does_not_show_a_part_is_not_told() -> None:
    live = Live()
    told = heard(live.stream(Viewer(["ada"], ["letters"])), 1, lambda: live.publish("flow", "<p>1</p>"))
    assert told == [message("beat", "")] * 2


def test_a_page_that_goes_away_is_forgotten() -> None:
    live = Live()
    n_during: list[int] = []
    heard(live.stream(Viewer(["ada"], ["flow"])), 0, lambda: n_during.append(live.n_viewers))
    assert (n_during, live.n_viewers, live.is_watched("flow")) == ([1], 0, False)
    live.changed(["ada"])


def test_beyond_the_limit_a_page_is_told_that_it_is_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VIEWERS", 1)
    live = Live()

    async def two() -> list[str]:
        first, second = live.stream(Viewer([], [])), live.stream(Viewer([], []))
        told = [await anext(first), *[each async for each in second]]
        await first.aclose()
        return told

    assert asyncio.run(two()) == [message("beat", ""), message("full", "")]
    assert live.n_viewers == 0


def test_whether_a_part_is_watched_is_known() -> None:
    live = Live()
    watched: list[bool] = []
    heard(
        live.stream(Viewer([], ["flow"])), 0,
        lambda: watched.extend([live.is_watched("flow"), live.is_watched("letters")]),
    )  # fmt: skip
    assert watched == [True, False]
