"""Chance with a name: every part of the simulation draws from a generator of its own, so that none disturbs another."""

from __future__ import annotations

from random import Random


def generator(seed: int, *scope: object) -> Random:
    """A generator for one purpose; equal seeds and scopes draw equal numbers.

    >>> generator(7, "people").random() == generator(7, "people").random()
    True
    >>> generator(7, "people").random() == generator(7, "items").random()
    False
    """
    return Random(":".join(map(str, (seed, *scope))))  # noqa: S311 - a simulation keeps no secrets
