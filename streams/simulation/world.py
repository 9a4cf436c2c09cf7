"""The whole simulation behind one door: items, people, two weeks of events, and three people to tell a story with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from streams.simulation.behaviour import Stage, play
from streams.simulation.catalogue import Catalogue, CatalogueItem, build_catalogue
from streams.simulation.identities import Verb, command, links_of
from streams.simulation.people import Person, build_people
from streams.simulation.records import JSON, SCHEMA, CloudEvent, OutgoingRecord, item_record, rfc3339
from streams.simulation.telling import Deed, cloud_event
from streams.simulation.topics import load_common, load_topics
from streams.simulation.visits import Step

N_PEOPLE = 240
N_ITEMS = 2_100


class Simulation:
    """Deterministic in all four arguments; nothing is built before it is asked for.

    now_s: the present of the simulated people, UTC seconds. Raises ValueError for too few people or too many items.

    >>> simulation = Simulation(seed=7, now_s=1_700_000_000.0)
    >>> len(list(simulation.item_records())), len(simulation.people)
    (2100, 240)
    """

    def __init__(self, seed: int, now_s: float, n_people: int = N_PEOPLE, n_items: int = N_ITEMS) -> None:
        self.seed = seed
        self.now_s = now_s
        self.n_people = n_people
        self.n_items = n_items
        self._topics = {topic.key: topic for topic in load_topics()}
        self._common = load_common()

    @property
    def topics(self) -> tuple[str, ...]:
        """Keys of the hobbies: the words that `Interest.topic` and `CatalogueItem.topic` use."""
        return tuple(self._topics)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Every item of every platform."""
        return build_catalogue(self.seed, self.now_s, self.n_items, tuple(self._topics.values()), self._common)

    @cached_property
    def people(self) -> list[Person]:
        """Everybody, the people of the story first."""
        return build_people(self.seed, self.now_s, self.n_people, self.topics)

    def story(self) -> list[Person]:
        """Three people whose interests are plain: a Chinese tea drinker, a runner on three platforms, a new love."""
        return [person for person in self.people if person.story]

    def item_records(self) -> Iterator[OutgoingRecord]:
        """The `items` topic: one `<platform>.item.upserted` an item."""
        return (item_record(self._item_event(entry)) for entry in self.catalogue.items)

    def events(self, n_events: int) -> list[CloudEvent]:
        """n_events events of the last two weeks in time order, the same for the same arguments."""
        stage = Stage(self.seed, self.now_s, self.people, self.catalogue, self._topics, self._common)
        return play(stage, n_events)

    def event(self, person: Person, kind: str, at_s: float, **data: object) -> CloudEvent:
        """One more event for a story, `kind` being a type of the contract; item=... takes a CatalogueItem.

        Its id follows from person, kind and time. Raises KeyError when the person has no account on the platform.
        """
        platform, _, action = kind.partition(".")
        said = {
            name: value.as_reference() if isinstance(value, CatalogueItem) else value for name, value in data.items()
        }
        identifier = f"story-{person.accounts[platform]}-{action}-{at_s:.3f}"
        return cloud_event(identifier, Deed(person, platform, Step(action, at_s, said)), said)

    def links(self) -> list[CloudEvent]:
        """What an identity provider tells about most people, oldest first: `identity.linked`, two accounts each."""
        return links_of(self.people, self.seed, self.now_s)

    def identity_event(self, verb: Verb, accounts: Mapping[str, str], at_s: float, reason: str) -> CloudEvent:
        """One more link or unlink for a story. accounts: platform to raw id. reason: a word."""
        return command(f"story-{verb}-{at_s:.3f}", verb, accounts, at_s, reason)

    def _item_event(self, entry: CatalogueItem) -> CloudEvent:
        item_id = entry.item.item_id
        described = entry.as_reference() | {"description": entry.item.description}
        return {
            "specversion": "1.0",
            "id": f"{int(self.now_s):x}-{item_id}",
            "source": f"/platforms/{entry.platform}",
            "type": f"{entry.platform}.item.upserted",
            "subject": item_id,
            "time": rfc3339(entry.listed_at_s),
            "datacontenttype": JSON,
            "dataschema": SCHEMA,
            "data": {"item": described},
        }
