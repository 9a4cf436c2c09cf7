"""Two hundred and forty people: where they have accounts, what they care about, and how that changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from streams.domain.platforms import BUILT_IN
from streams.simulation.randomness import generator
from streams.simulation.topics import Language

DAY_S: Final = 86_400.0
HISTORY_S: Final = 14 * DAY_S
#: An interest comes and goes over two days, never from one minute to the next.
RAMP_S: Final = 2 * DAY_S
MAX_INTERESTS: Final = 3
#: Of all people: those whose accounts a provider links, and those whom platforms give a common id. The rest is unknown.
_LINKED_SHARE: Final = 0.6
_USERID_SHARE: Final = 0.35
_LONG_AGO_S: Final = 10 * 365 * DAY_S
_ENGLISH_NAMES: Final = ("Amara", "Ben", "Chloe", "Diego", "Esther", "Farid", "Greta", "Hugo", "Imani", "Kira", "Leo")
_CHINESE_NAMES: Final = ("王芳", "李强", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄婷", "周涛", "吴倩", "徐明", "孙悦")


@dataclass(frozen=True, slots=True)
class Interest:
    """A topic somebody cares about between two moments (UTC seconds), at full strength in between."""

    topic: str
    strength: float
    begins_s: float
    ends_s: float

    def strength_at(self, at_s: float) -> float:
        """0 outside, rising and falling linearly over RAMP_S, `strength` in the middle.

        >>> Interest("jazz", 2.0, 0.0, 10 * DAY_S).strength_at(1 * DAY_S)
        1.0
        """
        inside_s = min(at_s - self.begins_s, self.ends_s - at_s)
        return self.strength * min(1.0, max(0.0, inside_s / RAMP_S))


@dataclass(frozen=True, slots=True)
class Person:
    """One person. accounts: platform to the raw id there. chinese_share: of what they read and write.

    pace: sessions relative to the average person. interests: at least one is alive at any time. dislike: a topic.
    userid: what platforms with a common sign-in call the person, on every event; empty where there is none.
    is_linked: an identity provider tells that the accounts are one person's.
    """

    name: str
    language: Language
    chinese_share: float
    pace: float
    accounts: Mapping[str, str]
    interests: tuple[Interest, ...]
    dislike: str
    story: str = ""
    userid: str = ""
    is_linked: bool = False

    @property
    def is_known(self) -> bool:
        """Whether anybody says that the accounts belong together."""
        return self.is_linked or bool(self.userid)

    def strengths_at(self, at_s: float) -> dict[str, float]:
        """Topics that matter at a moment, with their strengths, the strongest first."""
        strengths = {interest.topic: interest.strength_at(at_s) for interest in self.interests}
        alive = {topic: strength for topic, strength in strengths.items() if strength > 0}
        return dict(sorted(alive.items(), key=lambda entry: (-entry[1], entry[0])))


def build_people(seed: int, now_s: float, n_people: int, topics: Sequence[str]) -> list[Person]:
    """The people of the story first, then the others; nobody knows who the last one is.

    Raises ValueError for fewer people than the story has.
    """
    heroes = story_people(now_s)
    if n_people < len(heroes):
        raise ValueError(f"n_people = {n_people}: the story needs {len(heroes)}")
    others = [_person(generator(seed, "person", number), number, now_s, topics)
              for number in range(len(heroes), n_people)]  # fmt: skip
    known = [_known(generator(seed, "known", number), number, person)
             for number, person in enumerate(others[:-1], start=len(heroes))]  # fmt: skip
    return [*heroes, *known, *others[-1:]]


def story_people(now_s: float) -> list[Person]:
    """Three people whose interests are plain to a reader; who Maya is nobody knows until the story tells it."""

    def interest(topic: str, strength: float, begins_days: float = 3650, ends_days: float = -3650) -> Interest:
        return Interest(topic, strength, now_s - begins_days * DAY_S, now_s - ends_days * DAY_S)

    return [
        Person(
            name="林薇", language="zh", chinese_share=1.0, pace=6.0, dislike="football",
            accounts={"shop": "linwei_88", "social": "@云间薇薇", "travel": "TRV-600188"},
            interests=(interest("chinese_tea", 3.0), interest("calligraphy", 1.5)),
            is_linked=True,
            story="drinks tea and practises calligraphy: everything she reads and writes is Chinese",
        ),
        Person(
            name="Maya", language="en", chinese_share=0.0, pace=6.0, dislike="fishing",
            accounts={"shop": "c-204117", "video": "UCmaya-runs", "social": "@maya.on.the.ridge"},
            interests=(interest("trail_running", 3.0), interest("photography", 1.5)),
            story="runs trails on three platforms: buys the shoes, watches the races, posts the ridges",
        ),
        Person(
            name="Jonas", language="en", chinese_share=0.0, pace=6.0, dislike="skincare",
            accounts={"music": "jonas-9f31", "news": "reader-77120", "shop": "c-318852"},
            interests=(interest("jazz", 2.5, ends_days=3), interest("coffee", 2.5, begins_days=5)),
            userid="person-jonas",
            story="loved jazz until last week and has just discovered coffee: a profile has to let go",
        ),
    ]  # fmt: skip


def raw_id(random: Random, platform: str, number: int) -> str:
    """An account id as the platform would make it: no two platforms agree on the form."""
    digits = f"{random.randrange(10**6):06d}"
    forms = {
        "shop": f"c-{number}{digits}",
        "video": f"UC{random.getrandbits(40):010x}{number}",
        "social": f"@user{digits}.{number}",
        "news": f"reader-{number}-{digits}",
        "music": f"{random.getrandbits(64):016x}{number:04x}",
        "travel": f"TRV-{digits}{number}",
        "ads": f"gaid-{random.getrandbits(32):08x}-{number}",
    }
    return forms[platform]


def _person(random: Random, number: int, now_s: float, topics: Sequence[str]) -> Person:
    is_chinese = random.random() < 0.4
    mixed = random.random() < 0.15
    names = _CHINESE_NAMES if is_chinese else _ENGLISH_NAMES
    platforms = sorted(random.sample(BUILT_IN, random.choice((2, 3, 3))))
    n_interests = random.choice((1, 2, 2, MAX_INTERESTS))
    *liked, dislike = random.sample(topics, n_interests + 1)
    return Person(
        name=f"{random.choice(names)} {number}",
        language="zh" if is_chinese else "en",
        chinese_share=0.5 if mixed else 0.9 if is_chinese else 0.03,
        pace=min(6.0, random.lognormvariate(0.0, 0.8)),
        accounts={platform: raw_id(random, platform, number) for platform in platforms},
        interests=tuple(_interest(random, topic, now_s, first=topic == liked[0]) for topic in liked),
        dislike=dislike,
    )


def _known(random: Random, number: int, person: Person) -> Person:
    """The person with somebody who knows the accounts, or nobody."""
    fate = random.random()
    if fate < _LINKED_SHARE:
        return replace(person, is_linked=True)
    return replace(person, userid=f"person-{number:04d}") if fate < _LINKED_SHARE + _USERID_SHARE else person


def _interest(random: Random, topic: str, now_s: float, *, first: bool) -> Interest:
    """The first interest lasts; each later one may end or begin within the history."""
    fate = 0.0 if first else random.random()
    turn_s = now_s - random.uniform(0.2, 0.8) * HISTORY_S
    begins_s = turn_s if fate > 0.75 else now_s - _LONG_AGO_S
    ends_s = turn_s if 0.5 < fate <= 0.75 else now_s + _LONG_AGO_S
    return Interest(topic, round(random.uniform(0.5, 3.0), 2), begins_s, ends_s)
