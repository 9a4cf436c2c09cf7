"""One visit of one person to one platform: the sheet on which the platforms' scripts note what happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from streams.simulation.catalogue import Catalogue, CatalogueItem
from streams.simulation.people import Person
from streams.simulation.topics import Common, Language, Topic

#: Seconds between two steps of a visit.
_PAUSE_S: Final = (4.0, 90.0)


@dataclass(slots=True)
class Step:
    """One thing done. undoes: the earlier step that this one takes back."""

    action: str
    at_s: float
    data: dict[str, Any]
    undoes: Step | None = None


@dataclass(slots=True)
class Visit:
    """What is known while a visit lasts. likes: the topic is one of the person's interests at this time."""

    random: Random
    catalogue: Catalogue
    common: Mapping[Language, Common]
    person: Person
    platform: str
    topic: Topic
    likes: bool
    at_s: float
    language: Language
    steps: list[Step] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random.random() < probability

    def item(self) -> CatalogueItem:
        """Something of the topic on this platform. Raises LookupError when the catalogue has nothing."""
        found = self.catalogue.pick(self.random, self.platform, self.topic.key, self.language)
        if found is None:
            raise LookupError(f"no item of {self.topic.key} on {self.platform}: ask for more items")
        return found

    def say(self, kind: str) -> str:
        """Words of the person about the topic (`talk`, `query`, `review_good`, ...) in the language of the visit."""
        return self.random.choice(self.topic.words[self.language].texts[kind])

    def say_anything(self, kind: str) -> str:
        """Words that fit everywhere: `comment_good`, `stay_bad`, ..."""
        return self.random.choice(self.common[self.language].lists[kind])

    def do(
        self,
        action: str,
        about: CatalogueItem | None = None,
        *,
        wait_s: float = 0.0,
        undoes: Step | None = None,
        **data: Any,
    ) -> Step:
        """Note one step, a short pause and `wait_s` after the one before. None among the data means absent."""
        self.at_s += self.random.uniform(*_PAUSE_S)
        reference = {} if about is None else {"item": about.as_reference()}
        said = reference | {name: value for name, value in data.items() if value is not None}
        step = Step(action, self.at_s + wait_s, said, undoes)
        self.steps.append(step)
        return step
