"""What many ask for at once is made once, and nobody is given what is older than the pace of the pages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from streams.console.shared_fragments import LASTS_S, SharedFragments


class Maker:
    """Counts what it makes."""

    def __init__(self) -> None:
        self.n_made = 0

    def __call__(self) -> str:
        self.n_made += 1
        return f"<p>{self.n_made}</p>"


class Watch:
    """A clock by hand."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        return self.at_s


def test_many_threads_at_once_get_one_and_the_same() -> None:
    make, fragments, start = Maker(), SharedFragments(Watch()), Barrier(8)

    def ask(_: int) -> str:
        start.wait()
        return fragments.get("ada", make)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {"<p>1</p>"}


def test_another_key_is_made_for_itself() -> None:
    make, fragments = Maker(), SharedFragments(Watch())
    assert [fragments.get(key, make) for key in ("ada", "bob", "ada")] == ["<p>1</p>", "<p>2</p>", "<p>1</p>"]


def test_after_its_time_it_is_made_anew_and_the_old_ones_are_let_go() -> None:
    make, watch = Maker(), Watch()
    fragments = SharedFragments(watch)
    for number in range(10):
        fragments.get(number, make)
    watch.at_s = LASTS_S
    assert fragments.get(0, make) == "<p>11</p>"
    assert len(fragments._made) == 1


def test_what_could_not_be_made_is_made_by_the_next_who_asks() -> None:
    make, fragments = Maker(), SharedFragments(Watch())

    def fails() -> str:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fragments.get("ada", fails)
    assert fragments.get("ada", make) == "<p>1</p>"
