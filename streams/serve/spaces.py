"""What answers are made in: an index, and whoever reads profiles for it. Exchanged as a whole when a model is.

A request takes the present space once and keeps it to its end, so no answer mixes vectors of two.
"""

from __future__ import annotations

from dataclasses import dataclass

from streams.ports import NeighbourIndex
from streams.service.explain import Explainer
from streams.service.recommend import Recommender
from streams.service.tastes import Adapt, as_encoded


@dataclass(frozen=True)
class Space:
    """label: of the model, for people and metrics. adapt: brings vectors of the encoder here."""

    label: str
    index: NeighbourIndex
    recommender: Recommender
    explainer: Explainer
    adapt: Adapt = as_encoded


class Spaces:
    """The present space. Any number of threads read it, one exchanges it."""

    def __init__(self, first: Space) -> None:
        self._present = first

    @property
    def present(self) -> Space:
        """To be asked for once a request."""
        return self._present

    def exchange(self, space: Space) -> None:
        """From the next request on."""
        self._present = space
