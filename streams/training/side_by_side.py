"""How layers that stand side by side are learnt: each as if it were alone, in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import torch

#: Highest learning rate; it rises over the first tenth of the steps and falls over the rest.
RATE: Final = 2e-3
RISE: Final = 0.1


class Schedule(NamedTuple):
    """How often all texts are seen, how many make a step, and how fast weights fade."""

    passes: int
    texts_a_step: int
    decay: float


def learn(
    logits_of: Callable[[torch.Tensor], torch.Tensor],
    wanted: torch.Tensor,
    schedule: Schedule,
    fading: list[torch.nn.Parameter],
    lasting: list[torch.nn.Parameter],
) -> None:
    """Move the parameters until the logits say what is wanted.

    logits_of: rows (n,) to a logit of each layer (n, layers). wanted: float32 (N,), in [0, 1].
    """
    n_steps = schedule.passes * -(-len(wanted) // schedule.texts_a_step)
    optimizer = torch.optim.AdamW(
        [{"params": fading, "weight_decay": schedule.decay}, {"params": lasting, "weight_decay": 0.0}], lr=RATE
    )
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=n_steps + 1, pct_start=RISE)
    for _ in range(schedule.passes):
        order = torch.randperm(len(wanted))
        for rows in order.split(schedule.texts_a_step):  # type: ignore[no-untyped-call] # torch's own
            logits = logits_of(rows)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted[rows, None].expand_as(logits))
            optimizer.zero_grad()
            # The loss is a mean over the layers, too; each is to learn as if it were alone.
            (logits.shape[1] * loss).backward()  # type: ignore[no-untyped-call] # torch's own
            optimizer.step()
            rate.step()
