"""Two weeks of behaviour: who visits what and when, told as CloudEvents in time order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any, Final

from streams.simulation import commerce, media
from streams.simulation.catalogue import Catalogue
from streams.simulation.people import DAY_S, HISTORY_S, Person
from streams.simulation.randomness import generator
from streams.simulation.records import CloudEvent
from streams.simulation.telling import Deed, tell
from streams.simulation.topics import Common, Language, Topic
from streams.simulation.visits import Step, Visit

SCRIPTS: Final[Mapping[str, Callable[[Visit], None]]] = {
    "shop": commerce.shop,
    "video": media.video,
    "social": media.social,
    "news": media.news,
    "music": media.music,
    "travel": commerce.travel,
    "ads": commerce.ads,
}
#: How often a visit is about something the person does not care for.
_STRAY: Final = 0.1
_RECOMMENDED: Final = 0.12
#: Of all events, how many are about the person instead of by the person; at least one of each kind.
_TRAITS_SHARE: Final = 0.01
_CONSENT_SHARE: Final = 0.003
_ERASURE_AGE_S: Final = DAY_S / 4
_HOUR_S: Final = 3_600
_CHINA_OFFSET_S: Final = 8 * _HOUR_S
_WAKING_HOUR: Final = 7
_NIGHT: Final = 0.15
_AGE_BANDS: Final = ("18-24", "25-34", "35-49", "50+")


@dataclass(frozen=True, slots=True)
class Stage:
    """What behaviour plays on."""

    seed: int
    now_s: float
    people: Sequence[Person]
    catalogue: Catalogue
    topics: Mapping[str, Topic]
    common: Mapping[Language, Common]


def play(stage: Stage, n_events: int) -> list[CloudEvent]:
    """n_events events of the HISTORY_S seconds before `now_s`, oldest first, ids unique per source."""
    deeds = list(_about_people(stage, n_events))
    random = generator(stage.seed, "visits")
    paces = list(accumulate(person.pace for person in stage.people))
    n_visits = 0
    while len(deeds) < n_events:
        person = random.choices(stage.people, cum_weights=paces)[0]
        visit = _visit(stage, random, person)
        n_visits += 1
        session = f"{visit.platform}-{n_visits:06x}"
        deeds += [Deed(person, visit.platform, step, session) for step in visit.steps if step.at_s <= stage.now_s]
    deeds.sort(key=lambda deed: deed.step.at_s)
    return tell(deeds[:n_events], stage.now_s)


def _visit(stage: Stage, random: Random, person: Person) -> Visit:
    at_s = _moment(random, person, stage.now_s)
    platform = random.choice(list(person.accounts))
    strengths = person.strengths_at(at_s)
    likes = bool(strengths) and random.random() >= _STRAY
    if likes:
        topic = random.choices(list(strengths), weights=list(strengths.values()))[0]
    else:
        strange = [key for key in stage.topics if key not in {interest.topic for interest in person.interests}]
        topic = person.dislike if random.random() < 0.5 else random.choice(strange)
    visit = Visit(
        random=random,
        catalogue=stage.catalogue,
        common=stage.common,
        person=person,
        platform=platform,
        topic=stage.topics[topic],
        likes=likes,
        at_s=at_s,
        language="zh" if random.random() < person.chinese_share else "en",
    )
    SCRIPTS[platform](visit)
    if random.random() < _RECOMMENDED:
        commerce.recommendations(visit)
    return visit


def _moment(random: Random, person: Person, now_s: float) -> float:
    """Any time of the history; few are awake at night, and the Chinese live eight hours ahead."""
    offset_s = _CHINA_OFFSET_S if person.language == "zh" else 0
    while True:
        at_s = now_s - random.random() * HISTORY_S
        hour = (at_s + offset_s) % DAY_S / _HOUR_S
        if hour >= _WAKING_HOUR or random.random() < _NIGHT:
            return at_s


def _about_people(stage: Stage, n_events: int) -> Iterator[Deed]:
    """What people tell platforms about themselves; the last person of all wants an account forgotten."""
    random = generator(stage.seed, "control")

    def by_someone(action: str, data: dict[str, Any]) -> Deed:
        person = random.choice(stage.people[:-1])
        at_s = stage.now_s - random.random() * HISTORY_S
        return Deed(person, random.choice(list(person.accounts)), Step(action, at_s, data))

    for _ in range(max(1, int(n_events * _TRAITS_SHARE))):
        yield by_someone("user.traits", {"traits": {"age_band": random.choice(_AGE_BANDS)}})
    for _ in range(max(1, int(n_events * _CONSENT_SHARE))):
        yield by_someone("consent.changed", {"consents": {"recommend": True, "train": random.random() < 0.5}})
    leaver = stage.people[-1]
    erasure = Step("user.erasure_requested", stage.now_s - _ERASURE_AGE_S, {})
    yield Deed(leaver, next(iter(leaver.accounts)), erasure)
