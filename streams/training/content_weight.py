"""How much a content score should count beside the re-ranker's, chosen on requests that it never learnt from.

The requests are replayed through what serves: candidates of behaviour and of content, scores of the re-rankers, and
the content scores of `content_replay`. The weight with the least softmax loss on their earlier part is taken; what it
brings is told of the later part. Shapes: R requests, N candidates of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.ranking.online import Touches
from streams.ranking.replays import Asks, PersonRanker
from streams.training.content_replay import ContentReplay
from streams.training.touches import TouchLog

Floats = NDArray[np.float32]

#: Never 0: where there is no behaviour to go by, content must still decide, and feedback only multiplies a weight.
WEIGHTS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
MAX_REQUESTS: Final = 3_000
LEAST_REQUESTS: Final = 50
#: Part of the requests, the earlier one, on which the weight is chosen.
CHOOSING: Final = 0.5
SHOWN: Final = 10

OnRequest = Callable[[int, int], None]
"""Told (requests asked, in all)."""


class Asked(NamedTuple):
    """One request. scores, content: float32 (N,) of its candidates. taken: place among them, -1 if it was none."""

    scores: Floats
    content: Floats
    taken: int


@dataclass(frozen=True)
class ContentFigures:
    """loss: nats; hr10, ndcg10: full ranking. All of them over all requests.

    What was no candidate has the loss of a guess among the whole catalogue: so spaces with other candidates compare.
    """

    weight: float
    n: int
    loss: float
    hr10: float
    ndcg10: float


@dataclass(frozen=True)
class Choice:
    """space: whose vectors. weight: the chosen one. choosing_loss: with it, on the earlier part.

    without, chosen: figures on the later part, with weight 0 and with the chosen one.
    """

    space: str
    weight: float
    choosing_loss: float
    without: ContentFigures
    chosen: ContentFigures


def requests_of(touches: TouchLog, from_s: float, seed: int, n: int = MAX_REQUESTS) -> NDArray[np.intp]:
    """Rows of at most n touches from then on, one a person and time, drawn; rising."""
    random = np.random.default_rng(seed)
    rows = np.flatnonzero(touches.times_s >= from_s)
    rows = rows[np.lexsort((random.random(len(rows)), touches.users[rows], touches.times_s[rows]))]
    first = np.ones(len(rows), np.bool_)
    first[1:] = (np.diff(touches.users[rows]) != 0) | (np.diff(touches.times_s[rows]) != 0.0)
    rows = rows[first]
    return np.sort(random.choice(rows, min(n, len(rows)), replace=False))


def ask(
    touches: TouchLog,
    rows: NDArray[np.intp],
    people: PersonRanker,
    content: ContentReplay,
    on_request: OnRequest = lambda *_: None,
) -> dict[str, list[Asked]]:
    """By space, the requests at these touches (rows, rising), each as of just before it.

    people, content: over the same rows, with nothing observed. What the person took at the same time is neither known
    nor a candidate.
    """
    asked: dict[str, list[Asked]] = {name: [] for name in content.spaces}
    at = start = 0
    for step in touches.steps():
        end = start + len(step.users)
        while at < len(rows) and rows[at] < end:
            place = int(rows[at]) - start
            for name, each in _asked(people, content, step, place).items():
                asked[name].append(each)
            at += 1
            on_request(at, len(rows))
        if at == len(rows):
            break
        people.observe(step.users, step.items, np.full(len(step.users), step.at_s), step.weights)
        content.observe(step)
        start = end
    return asked


def _asked(people: PersonRanker, content: ContentReplay, step: Touches, place: int) -> dict[str, Asked]:
    """What would have been ranked for the touch at this place of the step, by space."""
    state, user, taken = people.ranker.log.state, int(step.users[place]), int(step.items[place])
    together = step.items[(step.users == user) & (step.items != taken)]
    request = Asks(user, int(state.item_platform[taken]), step.at_s)
    asked = {}
    for name, (near, close) in content.scores(user, content.platform_of(taken), step.at_s).items():
        rows, features = people.describe(request, together, near)
        said = np.zeros(len(state.item_n), np.float32)
        said[near] = close
        places = np.flatnonzero(rows == taken)
        asked[name] = Asked(people.ranker.score(features), said[rows], int(places[0]) if len(places) else -1)
    return asked


def choose(asked: Mapping[str, Sequence[Asked]], n_items: int) -> dict[str, Choice]:
    """For each space the weight that does best on the earlier part, with its figures on the later.

    n_items: of the catalogue.
    """
    choices = {}
    for name, requests in asked.items():
        n_choosing = int(CHOOSING * len(requests))
        earlier, later = requests[:n_choosing], requests[n_choosing:]
        loss, weight = min((figures_of(earlier, weight, n_items).loss, weight) for weight in WEIGHTS)
        choices[name] = Choice(name, weight, loss, figures_of(later, 0.0, n_items), figures_of(later, weight, n_items))
    return choices


def figures_of(requests: Sequence[Asked], weight: float, n_items: int) -> ContentFigures:
    """How the requests fare when a content score of 1 counts `weight`; ties count against what was taken."""
    losses, gains = [], []
    for scores, content, taken in requests:
        if taken < 0:
            losses.append(log(n_items))
            continue
        total = scores + np.float32(weight) * content
        losses.append(float(np.logaddexp.reduce(total.astype(np.float64)) - total[taken]))
        place = int((total >= total[taken]).sum()) - 1
        if place < SHOWN:
            gains.append(1.0 / np.log2(place + 2))
    n = max(len(requests), 1)
    loss = float(np.mean(losses)) if losses else 0.0
    hr10, ndcg10 = len(gains) / n, float(sum(gains)) / n
    return ContentFigures(weight, len(requests), round(loss, 5), round(hr10, 5), round(ndcg10, 5))
