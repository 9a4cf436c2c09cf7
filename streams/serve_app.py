"""The composition root of `braid serve`: settings in, a served API out. Everything is built here and nowhere else."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Final

import structlog
from fastapi import FastAPI
from rocksdict import Cache

from streams import garbage
from streams.adapters.clock import SystemClock
from streams.adapters.folders import writable_folder
from streams.adapters.identities import LocalIdentities
from streams.adapters.item_catalogue import LocalItemCatalogue, VectorModel
from streams.adapters.local_view import LocalView
from streams.adapters.topic_follower import TopicFollower
from streams.adapters.user_commands import UserCommands
from streams.brokers.connection import consumer_config, producer_config
from streams.brokers.topics import TOMBSTONE_RETENTION_DAYS
from streams.console.app import add_console, add_docs, sessions_of
from streams.console.live import Live
from streams.console.parts import PeopleParts
from streams.domain.decay import DAY_S
from streams.domain.newest import NewestItems
from streams.domain.popularity import Popularity
from streams.domain.profiles import Model
from streams.domain.topic_names import TopicNames
from streams.intervals import Repeated
from streams.ports import Clock, Encoder
from streams.ranking import warming
from streams.ranking.live import LiveRanker
from streams.ranking.model_files import RankingModel
from streams.serve.access import check_exposure
from streams.serve.api import create_api
from streams.serve.behaviour_feed import BehaviourFeed
from streams.serve.feedback_feed import FeedbackFeed
from streams.serve.http_server import GRACE_S, HttpServer
from streams.serve.item_feed import ItemFeed
from streams.serve.listening import listen, url_of
from streams.serve.parts import ServeParts
from streams.serve.profile_feed import Listeners, ProfileFeed
from streams.serve.readiness import readiness_of
from streams.serve.spaces import Spaces
from streams.serve_access import audit_of, check_cluster, grants_of, limits_of
from streams.serve_console import console_parts, segments_told
from streams.serve_half_lives import half_lives_of
from streams.serve_index import IndexGauges, open_index, people_index
from streams.serve_space import ModelSwitch, SpaceMaker, blend_space, first_model
from streams.serve_tools import add_tools
from streams.service.popular_now import PopularNow
from streams.service.similar_people import SimilarFinder
from streams.settings import Settings
from streams.shredding import shredding
from streams.wiring import encoder_of, model_of, read_platforms

GROUP: Final = "braid-serve"
BLOCK_CACHE_BYTES: Final = 128 << 20
#: Between looks whether another ranking model was chosen.
MODEL_LOOK_S: Final = 5.0
SNAPSHOT_JOIN_S: Final = 30.0
#: What feedback taught the ranking, in the folder of serve.
WEIGHTS: Final = "ranking-weights.json"

_log = structlog.get_logger(__name__)


class LiveData:
    """The followed topics and what is kept of them, below `<state_dir>/serve`."""

    def __init__(self, settings: Settings, encoder: Encoder, clock: Clock, on_death: threading.Event) -> None:
        folder = writable_folder(settings.state_dir / "serve", "BRAID_STATE_DIR")
        names = TopicNames(settings.topics.prefix)
        model = VectorModel(model_of(encoder).label, encoder.dim)
        cache = Cache(BLOCK_CACHE_BYTES)
        away_s = TOMBSTONE_RETENTION_DAYS * DAY_S
        item_view = LocalView(folder / "items", cache, clock.now_s(), away_s)
        ranking = first_model(settings, model_of(encoder))
        fresh = item_view.was_away_too_long
        served = open_index(settings.index, folder / "index", model, fresh=fresh, adapter=ranking.adapter)
        self.items = LocalItemCatalogue(item_view, model)
        self.newest = NewestItems()
        self.popularity = Popularity()
        self.item_feed = ItemFeed(self.items, served.store, self.newest, model, clock)
        profile_view = LocalView(folder / "profiles", cache, clock.now_s(), away_s)
        self.people = people_index(settings, model)
        self.ranker = _ranker(settings, ranking, model_of(encoder))
        self._weights = folder / WEIGHTS
        if self.ranker is not None and self._weights.exists() and not self.ranker.restore(self._weights.read_bytes()):
            _log.info("ranking_weights_begin_anew", file=str(self._weights))
        self.behaviour = self.item_feed.behaviour = self.feedback = None
        if self.ranker is not None:
            allowed = settings.consent
            self.behaviour = self.item_feed.behaviour = BehaviourFeed(self.ranker, allowed.recommend)
            self.feedback = FeedbackFeed(self.ranker, allowed.recommend, allowed.train)
        self.live = Live()
        listeners = Listeners(self.people, self.behaviour, self.feedback, self.live.changed)
        self.profiles = ProfileFeed(profile_view, self.popularity, self.items, clock, listeners)
        self.identities = LocalIdentities(LocalView(folder / "identities", cache, clock.now_s(), away_s))
        config = consumer_config(settings.kafka, GROUP)
        self.followers = (
            TopicFollower(config, names.item_vectors, self.item_feed, clock, lambda _: on_death.set()),
            TopicFollower(config, names.profiles, self.profiles, clock, lambda _: on_death.set()),
            TopicFollower(config, names.identities, self.identities, clock, lambda _: on_death.set()),
        )
        self.popular = PopularNow(self.popularity, self.newest, self.items)
        self.half_lives = half_lives_of(settings)
        maker = SpaceMaker(
            settings, encoder, model_of(encoder), self.items, self.popular, self.ranker, self.half_lives
        )
        self.spaces = Spaces(maker.over(served.index, ranking))
        self.models = ModelSwitch(maker, self.spaces, self.item_feed, served, ranking)
        self.gauges = IndexGauges(lambda: self.models.index)
        self._looks = Repeated("ranking-model", self.models.look, MODEL_LOOK_S)
        self._compiler: subprocess.Popen[bytes] | None = None
        self._shredding = shredding(lambda: (self.profiles, self.identities))
        self._snapshots = Repeated(
            "index-snapshots", self._save, settings.index.snapshot_interval_s
        )

    def start(self) -> None:
        """Begin to read; returns at once."""
        for follower in self.followers:
            follower.start()
        self._snapshots.start()
        self._shredding.start()
        self._looks.start()
        if self.behaviour is not None:
            threading.Thread(target=self._fill_ranker, args=(self.behaviour,), daemon=True, name="ranker").start()

    def _fill_ranker(self, behaviour: BehaviourFeed) -> None:
        """Until this is done, content alone answers. Machine code is made by a process that gives way to others."""
        began_s = time.perf_counter()
        self._compiler = subprocess.Popen([sys.executable, "-m", warming.__name__])  # noqa: S603 - our own module
        if self._compiler.wait() < 0:  # told to end: so are we
            return
        warming.warm()
        behaviour.fill(self.items.records(), self.profiles.everybody())
        garbage.calm()
        _log.info("ranker_filled", took_s=round(time.perf_counter() - began_s, 1))

    def refresh_gauges(self) -> None:
        """Publish sizes."""
        self.gauges.refresh()
        if self.feedback is not None:
            self.feedback.refresh_gauges()
        self.item_feed.refresh_gauges()
        self.profiles.refresh_gauges()

    def _save(self) -> None:
        self.item_feed.save_snapshot()
        self._save_weights()

    def _save_weights(self) -> None:
        """What is lost is learnt again: a failure is told, not raised."""
        if self.ranker is None:
            return
        written = self._weights.with_suffix(".new")
        try:
            written.write_bytes(self.ranker.learnt())
            written.replace(self._weights)
        except OSError as error:
            _log.warning("ranking_weights_not_saved", why=str(error))

    def close(self) -> None:
        """Stop reading, write a last snapshot, release the folders."""
        if self._compiler is not None:
            self._compiler.terminate()
        for follower in self.followers:
            follower.stop()
        self._looks.stop(SNAPSHOT_JOIN_S)
        self._snapshots.stop(SNAPSHOT_JOIN_S)
        self._shredding.stop()
        self._save_weights()
        self.item_feed.close()
        self.profiles.close()
        self.identities.close()
        self.models.index.close()


def parts_of(settings: Settings, data: LiveData, encoder: Encoder, clock: Clock) -> ServeParts:
    """What the API answers from."""
    return ServeParts(
        profiles=data.profiles,
        items=data.items,
        spaces=data.spaces,
        encoder=encoder,
        clock=clock,
        pseudonym_secret=settings.pseudonym_key(),
        previous_secrets=settings.pseudonym_secrets().previous,
        keys=grants_of(settings.api),
        limits=limits_of(settings.api),
        audit=audit_of(settings),
        account_urls=settings.api.account_urls,
        readiness=readiness_of(data.followers, data.item_feed, lambda: len(data.models.index)),
        refresh_gauges=data.refresh_gauges,
        resolve=data.identities.user_of,
        count_relations=data.profiles.relation_counts.of,
        similar=_similar(settings, data, encoder),
        erasures=UserCommands(
            producer_config(settings.kafka), TopicNames(settings.topics.prefix).user_events, clock
        ),
    )


def _ranker(settings: Settings, ranking: RankingModel, encoder: Model) -> LiveRanker | None:
    """An empty ranker by behaviour where one is wanted; the local views fill it at every start."""
    if not settings.recommend.behaviour:
        return None
    ranker, space = LiveRanker(ranking.rerankers), blend_space(ranking, encoder)
    ranker.use(ranking.rerankers, ranking.content_weight, space)
    return ranker


def _similar(settings: Settings, data: LiveData, encoder: Encoder) -> SimilarFinder | None:
    if data.people is None:
        return None
    index, find = data.people.index, data.profiles.profile_of
    return SimilarFinder(index, find, model_of(encoder).label, settings.consent.recommend)


class Serve:
    """`braid serve` as an object: `start` returns when requests are answered, `stop` when all is written.

    Raises UsageError when the address may not or cannot be used. encoder: one that is loaded already, else the
    configured one is loaded.
    """

    def __init__(self, settings: Settings, encoder: Encoder | None = None) -> None:
        check_exposure(settings.api.host, grants_of(settings.api))
        settings.pseudonym_secrets()
        check_cluster(settings)
        self._listener = listen(settings.api.host, settings.api.port)
        self.url = url_of(self._listener)
        self._died = threading.Event()
        clock = SystemClock()
        loaded = encoder_of(settings) if encoder is None else encoder
        self._data = LiveData(settings, loaded, clock, self._died)
        self._parts = parts_of(settings, self._data, loaded, clock)
        self._server = HttpServer(self._application(settings), self._listener)

    def _application(self, settings: Settings) -> FastAPI:
        """The API, with the console or its own description on top, and the tools where they are wanted."""
        app = self._api_with_console(settings) if settings.console.enabled else self._api_with_docs()
        if settings.mcp.enabled:
            add_tools(app, self._parts, read_platforms(settings))
        return app

    def _api_with_docs(self) -> FastAPI:
        app = create_api(self._parts)
        add_docs(app, self._parts)
        return app

    def _api_with_console(self, settings: Settings) -> FastAPI:
        data = self._data
        people = PeopleParts(data.profiles.revisions.of, segments_told(settings), data.half_lives)
        console = console_parts(settings, self._parts, data.live, data.items, people)
        app = create_api(self._parts, sessions_of(console).key_of)
        add_console(app, console)
        return app

    def start(self) -> None:
        """Read topics and answer."""
        self._data.start()
        self._server.start()
        _log.info("serving", url=self.url)

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Whether everything that was in the topics at the start is applied; blocks up to `timeout_s` a topic."""
        return all(follower.wait_until_caught_up(timeout_s) for follower in self._data.followers)

    def missing(self) -> list[str]:
        """What has not been read yet; empty when ready."""
        return self._parts.readiness()[0]

    def wait(self, stopping: threading.Event) -> bool:
        """Block until asked to stop (true) or until something that answers depend on has ended (false)."""
        return self._server.wait(stopping, self._died.is_set)

    def stop(self) -> None:
        """Answer what was asked, then close everything."""
        self._server.ask_to_end()
        self._server.join(GRACE_S + 1)
        self._listener.close()
        self._parts.audit.close()
        self._data.close()
