"""What the bounds on influence cost in the fold: `python -m tests.bench.influence`."""

from __future__ import annotations

import random
import time
from statistics import mean, median

import numpy as np

from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.influence import InfluenceRules
from streams.domain.states import UserState, pack_state
from streams.domain.vector_sums import Vectors

DIM, N_USERS, N_ITEMS, N_EVENTS, BATCH, ROUNDS = 384, 500, 1_000, 20_000, 2_000, 5
START_S = 1_750_000_000.0


def observed(rng: random.Random, number: int) -> Observation:
    user, item = f"u{rng.randrange(N_USERS)}", rng.randrange(N_ITEMS)
    at_s = START_S + rng.uniform(0, 14 * DAY_S)
    made = Item(f"i{item}", title="x", category=f"c{item % 20}", brand="b", tags=("a", "b"))
    event = Event(event_id("bench", str(number)), user, "shop", "shop.product.viewed", at_s, at_s, 1.0, made)
    return Observation(number, user, event, item)


def folded(rules: FoldRules, observations: list[Observation], vectors: Vectors) -> tuple[float, float]:
    """(CPU µs an event, bytes a state)."""
    states = {f"u{number}": UserState() for number in range(N_USERS)}
    start_s = time.process_time()
    for at in range(0, N_EVENTS, BATCH):
        fold(rules, states, observations[at : at + BATCH], vectors)
    took_s = time.process_time() - start_s
    return took_s / N_EVENTS * 1e6, mean(len(pack_state(state)) for state in states.values())


def main() -> None:
    rng = random.Random(1)
    observations = [observed(rng, number) for number in range(N_EVENTS)]
    vectors = np.random.default_rng(1).standard_normal((N_ITEMS, DIM)).astype(np.float32)
    figures: dict[str, list[tuple[float, float]]] = {"without": [], "with": []}
    for _ in range(ROUNDS):
        for name, bounds in (("without", None), ("with", InfluenceRules())):
            figures[name].append(folded(FoldRules(DIM, lambda _: 2.0, influence=bounds), observations, vectors))
    for name, rounds in figures.items():
        cpu = sorted(each for each, _ in rounds)
        print(f"{name} bounds: {median(cpu):.1f} µs an event ({cpu[0]:.1f}-{cpu[-1]:.1f}), {rounds[0][1]:.0f} bytes a state")


if __name__ == "__main__":
    main()
