"""A serve without a broker: real views, index, feeds and API, fed with the records that the topics would carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import numpy as np
from fastapi import FastAPI
from rocksdict import Cache

from encoders.factory import EncoderSpec, build_encoder
from index.factory import build_index
from streams.adapters.embedding_cache import MemoryEmbeddingCache
from streams.adapters.encoded_texts import EncodedTexts
from streams.adapters.item_catalogue import LocalItemCatalogue, VectorModel
from streams.adapters.local_view import LocalView
from streams.adapters.topic_follower import Batch, Message
from streams.domain.accounts import account_key
from streams.domain.actions import ActionTable, action_of
from streams.domain.decay import HalfLives
from streams.domain.events import EVENT_ID_BYTES, Event, Item, ItemRecord, event_id, item_key
from streams.domain.folding import FoldRules
from streams.domain.interests import InterestRules, threshold_above
from streams.domain.moves import ARRIVAL, KIND_HEADER, Arrival, pack_arrival
from streams.domain.newest import NewestItems
from streams.domain.popularity import Popularity
from streams.domain.profiles import Model, ProfileRecord, encode_profile
from streams.domain.publishing import PublishRules
from streams.domain.ranking import ScoreWeights
from streams.domain.raw import RawRecord
from streams.domain.rendering import render_item
from streams.errors import Unavailable
from streams.ranking.live import LiveRanker
from streams.serve.api import create_api
from streams.serve.background import background_of
from streams.serve.behaviour_feed import BehaviourFeed
from streams.serve.feedback_feed import FeedbackFeed
from streams.serve.http_server import HttpServer
from streams.serve.item_feed import ItemFeed
from streams.serve.listening import listen, url_of
from streams.serve.parts import Role, ServeParts
from streams.serve.people_index import PeopleIndex
from streams.serve.profile_feed import Listeners, ProfileFeed
from streams.serve.spaces import Space, Spaces
from streams.serve_index import open_index
from streams.service.encode_texts import CachingEncoder
from streams.service.explain import Explainer
from streams.service.explained_tags import TagDecay
from streams.service.hand_over import PersonRules
from streams.service.popular_now import PopularNow
from streams.service.recommend import Recommender
from streams.service.similar_people import SimilarFinder
from streams.service.tastes import TasteReader
from streams.service.update_profiles import ProfileUpdater, Sources
from streams.settings import Index

SECRET = b"0123456789abcdef-test"
NOON_S = 1_700_000_000.0
PARTITION = 0
DAY_S = 86_400.0

ENCODER = build_encoder(EncoderSpec("hashed"))
MODEL = Model(ENCODER.name, ENCODER.version, ENCODER.dim)
VECTOR_MODEL = VectorModel(MODEL.label, MODEL.dim)
BACKGROUND = background_of(ENCODER)
_encode_item = msgspec.msgpack.Encoder().encode
_encode_event = msgspec.msgpack.Encoder().encode


@contextmanager
def answering(app: FastAPI) -> Iterator[str]:
    """Serve the application on a thread, on any free port of this machine."""
    listener = listen("127.0.0.1", 0)
    server = HttpServer(app, listener)
    server.start()
    try:
        yield url_of(listener)
    finally:
        server.ask_to_end()
        server.join()


@dataclass
class ManualClock:
    """Time that only a test moves."""

    at_s: float = NOON_S

    def now_s(self) -> float:
        return self.at_s


def an_item(item_id: str, title: str, category: str = "", **more: object) -> Item:
    return Item(item_id, title=title, category=category, **more)


def an_item_record(
    platform: str, item: Item, at_s: float = NOON_S - 7 * DAY_S, model: str = MODEL.label, offset: int = 0
) -> ItemRecord:
    vector = ENCODER.encode([render_item(item)]).vectors[0].astype(np.float16).tobytes()
    return ItemRecord(platform, item, model, vector, ENCODER.degraded, at_s, offset)


def messages_of(records: Iterable[tuple[str, bytes | None]], first_offset: int, at_s: float = NOON_S) -> list[Message]:
    return [
        Message(PARTITION, first_offset + number, key.encode(), value, at_s)
        for number, (key, value) in enumerate(records)
    ]


def a_batch(messages: list[Message]) -> Batch:
    return Batch(messages, {message.partition: message.offset + 1 for message in messages}, NOON_S)


@dataclass(frozen=True)
class Did:
    """What a person did with an item of the town."""

    what: str  # <platform>.<object>.<action>
    key: str  # <platform>:<item_id>
    days_ago: float = 0.0
    strength: float = 1.0
    person: str = "ada"

    @property
    def platform(self) -> str:
        return self.what.partition(".")[0]


#: Deeds on two platforms, a third platform, and the subject that it should recommend.
ON_A_THIRD_PLATFORM = [
    ((Did("shop.product.viewed", "shop:gardening-0"), Did("video.video.liked", "video:gardening-1")), "news", "gardening"),
    ((Did("video.video.liked", "video:football-0"), Did("news.article.shared", "news:football-1")), "shop", "football"),
    ((Did("news.article.read", "news:cooking-0"), Did("shop.wishlist.added", "shop:cooking-1")), "video", "cooking"),
]


@dataclass
class Town:
    """Everything that `braid serve` is made of but the broker; `folder` is its state directory."""

    folder: Path
    keys: Mapping[str, Role] = field(default_factory=dict)
    index_kind: str = "auto"
    account_urls: bool = True
    cached_items: int = 256
    clock: ManualClock = field(default_factory=ManualClock)
    ranker: LiveRanker | None = None

    def __post_init__(self) -> None:
        cache = Cache(8 << 20)
        self.item_view = LocalView(self.folder / "items", cache, self.clock.now_s())
        self.served = open_index(Index(kind=self.index_kind), self.folder / "index", VECTOR_MODEL, fresh=False)  # type: ignore[arg-type]
        self.index = self.served.index
        self.items = LocalItemCatalogue(self.item_view, VECTOR_MODEL, cached_items=self.cached_items)
        self.newest, self.popularity = NewestItems(), Popularity()
        self.item_feed = ItemFeed(self.items, self.served.store, self.newest, VECTOR_MODEL, self.clock)
        self.profile_view = LocalView(self.folder / "profiles", cache, self.clock.now_s())
        self.people = PeopleIndex(build_index("exact", MODEL.dim), MODEL.label)
        behaviour = self.item_feed.behaviour = None if self.ranker is None else BehaviourFeed(self.ranker)
        feedback = None if self.ranker is None else FeedbackFeed(self.ranker)
        listeners = Listeners(self.people, behaviour, feedback)
        self.profiles = ProfileFeed(self.profile_view, self.popularity, self.items, self.clock, listeners)
        if behaviour is not None:
            behaviour.fill(self.items.records(), self.profiles.everybody())
        self.missing: list[str] = []
        tastes = TasteReader(
            self.index, self.items, (MODEL.name, MODEL.version), InterestRules(threshold_above(BACKGROUND))
        )
        popular = PopularNow(self.popularity, self.newest, self.items)
        weights = ScoreWeights(background=BACKGROUND)
        self.recommender = Recommender(self.index, self.items, tastes, popular, weights, behaviour=self.ranker)
        self.explainer = Explainer(tastes, self.items, TagDecay(HalfLives(60 * DAY_S), {"ads": 0.0}))
        self.parts = ServeParts(
            profiles=self.profiles,
            items=self.items,
            spaces=Spaces(Space("test", self.index, self.recommender, self.explainer)),
            encoder=ENCODER,
            clock=self.clock,
            pseudonym_secret=SECRET,
            keys=self.keys,
            readiness=lambda: (self.missing, []),
            account_urls=self.account_urls,
            erasures=self,
            count_relations=self.profiles.relation_counts.of,
            similar=SimilarFinder(self.people.index, self.profiles.profile_of, MODEL.label),
        )
        self.erasures: list[str] = []
        self.broker_is_away = False
        self._events = 0
        self._states: dict[bytes, bytes] = {}
        texts = EncodedTexts(CachingEncoder(ENCODER, MemoryEmbeddingCache(1_000)), "profile")
        actions = ActionTable()
        self._updater = ProfileUpdater(
            PersonRules(FoldRules(ENCODER.dim, lambda name: actions.weight_of(action_of(name))), {}),
            PublishRules(MODEL, 2 * DAY_S, 60 * DAY_S, platform_weights={"ads": 0.0}),
            Sources(self.items, texts),
        )

    @contextmanager
    def api(self) -> Iterator[httpx.Client]:
        """The API on a real socket."""
        with answering(create_api(self.parts)) as url, httpx.Client(base_url=url, trust_env=False) as client:
            yield client

    def publish_items(self, records: Sequence[ItemRecord]) -> None:
        keyed = [(item_key(record.platform, record.item.item_id), _encode_item(record)) for record in records]
        self._feed_items(keyed)

    def delete_item(self, key: str) -> None:
        self._feed_items([(key, None)])

    def live(self, *deeds: Did) -> ProfileRecord:
        """Fold the deeds into profiles as the profile stage does, publish them, and return the last one."""
        for deed in deeds:
            profile = self.profile_after(deed)
            self.publish_profile(profile)
        return profile

    def profile_after(self, deed: Did) -> ProfileRecord:
        self._events += 2
        account = account_key(SECRET, deed.platform, deed.person)
        # One user key for all accounts of a person: each account arrives there before its first event.
        user = account_key(SECRET, "person", deed.person).encode()
        arrival = pack_arrival(Arrival(account, 1, account, "merge", NOON_S, b"linked-1"))
        arrives = RawRecord(arrival, ((KIND_HEADER, ARRIVAL),), NOON_S, offset=self._events - 1, key=user)
        at_s = NOON_S - deed.days_ago * DAY_S
        identifier = event_id("/town", f"{deed.person}-{self._events}")
        item = self.items.items_of([deed.key])[0] or _unlisted(deed.key)
        event = Event(identifier, account, deed.platform, deed.what, at_s, at_s, deed.strength, item)
        raw = RawRecord(_encode_event(event), timestamp_s=at_s, offset=self._events, key=user)
        updated = self._updater.update(
            self._updater.prepare([arrives, raw]), lambda keys: [self._states.get(key) for key in keys]
        )
        self._states.update(updated.states)
        return updated.profiles[0][1]

    def request(self, profile_id: str, request_id: bytes) -> None:
        """`ports.Erasures` in memory."""
        if self.broker_is_away:
            raise Unavailable("the broker is away")
        assert len(request_id) == EVENT_ID_BYTES
        self.erasures.append(profile_id)

    def publish_profile(self, profile: ProfileRecord) -> None:
        self.feed_profiles([(profile.profile_id, encode_profile(profile))])

    def forget(self, profile_id: str) -> None:
        self.feed_profiles([(profile_id, None)])

    def feed_profiles(self, records: Sequence[tuple[str, bytes | None]]) -> None:
        self.profiles.apply(a_batch(messages_of(records, self.profiles.next_offsets().get(PARTITION, 0))))

    def close(self) -> None:
        self.item_feed.close()
        self.profiles.close()
        self.index.close()

    def _feed_items(self, keyed: Sequence[tuple[str, bytes | None]]) -> None:
        self.item_feed.apply(a_batch(messages_of(keyed, self.item_feed.next_offsets().get(PARTITION, 0))))


def _unlisted(key: str) -> Item:
    """An item that no catalogue has: what the event says about it is all there is."""
    item_id = key.partition(":")[2]
    return Item(item_id, title=item_id.replace("-", " "))


def opened(folder: Path, **changes: object) -> Iterator[Town]:
    """For fixtures."""
    town = Town(folder, **changes)  # type: ignore[arg-type]
    try:
        yield town
    finally:
        town.close()


#: Three subjects on three platforms; words inside a subject repeat, since the hashed encoder knows only words.
SUBJECTS = {
    "cooking": (
        "cast iron frying pan kitchen cooking",
        "cooking recipes pan kitchen dinner",
        "kitchen knife cooking set",
    ),
    "football": ("football boots league match", "football match highlights league goals", "league football shirt"),
    "gardening": ("garden seeds tomato plants", "garden plants watering tomato", "tomato garden tools plants"),
}


def subject_items(platforms: Sequence[str] = ("shop", "video", "news")) -> list[ItemRecord]:
    """`<platform>:<subject>-<n>` for every platform, subject and wording."""
    return [
        an_item_record(
            platform,
            an_item(f"{subject}-{number}", f"{title} {platform}", subject, tags=(subject,), price=10.0 + number),
        )
        for platform in platforms
        for subject, titles in SUBJECTS.items()
        for number, title in enumerate(titles)
    ]
