"""Parts that both processes, worker and serve, build from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from encoders.errors import EncoderError
from encoders.factory import EncoderSpec, build_encoder
from streams.adapters.identity_events import decode_identity
from streams.adapters.mapping_files import action_table, mapped_platforms
from streams.adapters.mappings import Mapping as PlatformMapping
from streams.adapters.sealing import Sealer
from streams.domain.actions import Action, ActionTable, action_of
from streams.domain.dead_letters import DeadLetter, plain, sealed, stripped
from streams.domain.decay import DAY_S
from streams.domain.folding import FoldRules
from streams.domain.identity_guards import IdentityRules
from streams.domain.influence import InfluenceRules
from streams.domain.intents import IntentRules
from streams.domain.limits import IngestLimits
from streams.domain.platforms import AD_PLATFORMS, Platform
from streams.domain.profiles import Model
from streams.domain.publishing import PublishRules
from streams.domain.readings import FAINT
from streams.domain.rendering import RENDER_VERSION
from streams.domain.sensitive import SensitiveTags
from streams.domain.spaces import space_of
from streams.domain.vector_sums import Vectors
from streams.errors import Unavailable, UsageError
from streams.meaning.entities import EntityFinder
from streams.meaning.lexicons import load_lexicons
from streams.meaning.reading import Reader
from streams.meaning.sentiment import SentimentModel, packaged_sentiment
from streams.meaning.taxonomy import Taxonomy, load_taxonomy
from streams.meaning.topics import TopicFinder
from streams.ports import Encoder
from streams.service.identity_gate import IdentityGate
from streams.service.own_words import OwnWords
from streams.settings import EncoderChoice, Settings

MINUTE_S = 60.0
HOUR_S = 3_600.0


def encoder_of(settings: Settings) -> Encoder:
    """The configured encoder, loaded: seconds for a model with weights. Raises Unavailable naming the setting."""
    choice = settings.encoder
    try:
        return build_encoder(_spec(choice))
    except EncoderError as error:
        raise Unavailable(f"BRAID_ENCODER__MODEL: {error}") from error


def _spec(choice: EncoderChoice) -> EncoderSpec:
    return EncoderSpec(
        model=choice.model,
        device=choice.device,
        dtype=choice.dtype,
        pooling=choice.pooling,
        passage_prefix=_prefix(choice.passage_prefix, choice.model, "passage: "),
        query_prefix=_prefix(choice.query_prefix, choice.model, "query: "),
        max_text_tokens=choice.max_text_tokens,
        max_batch_tokens=choice.max_batch_tokens,
        lexical=choice.lexical,
        n_threads=choice.n_threads,
    )


def _prefix(chosen: str, model: str, of_e5: str) -> str:
    """The E5 models were trained with prefixes and lose without them; the others here know none."""
    if chosen != "auto":
        return chosen
    return of_e5 if "e5-" in model.lower() else ""


def model_of(encoder: Encoder, render_version: int = RENDER_VERSION) -> Model:
    """How published records name the encoder, and how what it reads is put into words: both make the space."""
    version = encoder.version if render_version == 1 else f"{encoder.version}-r{render_version}"
    return Model(encoder.name, version, encoder.dim)


def space_mark_of(encoder: Encoder) -> bytes:
    """The mark of the encoder's space, in states and in the name of the group that encodes items with it."""
    return space_of(model_of(encoder).label)


def read_platforms(settings: Settings) -> tuple[str, ...]:
    """Every platform whose events are read: those that are configured, and those that a mapping file describes."""
    return tuple(dict.fromkeys((*settings.topics.platforms, *mapped_platforms(settings.ingest.mappings_dir))))


def actions_of(settings: Settings, mappings: Mapping[Platform, PlatformMapping]) -> ActionTable:
    """What people can do, with what the mapping files declare, and the weights and half-lives that are configured."""
    profile = settings.profile
    return (
        action_table(mappings)
        .with_overrides(profile.action_weights)
        .with_half_lives(profile.action_half_lives_days)
    )


def identity_gate_of(settings: Settings) -> IdentityGate:
    """What reads links. Raises UsageError for blocked values that cannot be meant."""
    limits, rules = limits_of(settings), identity_rules_of(settings)
    decode = partial(decode_identity, max_bytes=limits.max_event_bytes)
    try:
        return IdentityGate(settings.pseudonym_secrets(), decode, rules, limits)
    except ValueError as error:
        raise UsageError(f"BRAID_IDENTITY__BLOCKED: {error}") from error


def limits_of(settings: Settings) -> IngestLimits:
    """What the gate accepts."""
    ingest = settings.ingest
    return IngestLimits(
        max_event_bytes=ingest.max_event_bytes,
        max_text_chars=ingest.max_text_chars,
        lateness_s=ingest.lateness_days * DAY_S,
        future_tolerance_s=ingest.future_tolerance_s,
        max_future_s=ingest.max_future_days * DAY_S,
        currency=ingest.currency,
        rates=ingest.currency_rates,
        consent_defaults=settings.consent.model_dump(),
        traits=frozenset(ingest.traits),
    )


def identity_rules_of(settings: Settings) -> IdentityRules:
    """Which accounts may become one person."""
    identity = settings.identity
    return IdentityRules(
        max_accounts=identity.max_accounts,
        max_joined=identity.max_joined,
        unique_kinds=frozenset(identity.unique_kinds),
        placeholders=frozenset(value.lower() for value in identity.placeholders),
        blocked=frozenset(identity.blocked),
    )


def fold_rules_of(settings: Settings, actions: ActionTable, model: Model) -> FoldRules:
    """How events are folded. model: whose vectors they have."""
    profile = settings.profile

    @cache  # a closed set of types, asked for once per event
    def weight_of(event_type: str) -> float:
        return actions.weight_of(action_of(event_type))

    @cache
    def declared(event_type: str) -> Action | None:
        return actions.get(action_of(event_type))

    return FoldRules(
        dim=model.dim,
        space=space_of(model.label),
        weight_of=weight_of,
        short_half_life_s=profile.short_half_life_days * DAY_S,
        long_half_life_s=profile.long_half_life_days * DAY_S,
        recent_events=profile.recent_events,
        dedup_ids=profile.dedup_ids,
        max_tags=profile.max_tags,
        sensitive=sensitive_of(settings),
        declared=declared,
        ad_platforms=ad_platforms_of(profile.platform_weights),
        max_edges=profile.max_edges,
        neutral_band=packaged_sentiment().neutral_band if settings.meaning.read else FAINT,
        influence=influence_rules_of(settings),
        own_half_life_of=actions.half_life_s_of,
    )


def ad_platforms_of(platform_weights: Mapping[str, float]) -> frozenset[str]:
    """What advertisements may move: platforms kept for them, and those without a share in the unified view."""
    return AD_PLATFORMS.union(name for name, weight in platform_weights.items() if weight <= 0.0)


def own_words_of(settings: Settings, encoder_name: str, encode: Callable[[Sequence[str]], Vectors]) -> OwnWords | None:
    """Reads what people write; None where that is turned off. encode: of the taxonomy's phrases, with the first words.

    Raises UsageError for files of an operator that are not as they should be, Unavailable for damaged weights.
    """
    if not settings.meaning.read:
        return None
    lists = _WordLists.of(settings)
    return OwnWords(lists.reader_of_titles(), lambda: lists.reader(encoder_name, encode))


def reader_of(settings: Settings, encoder_name: str, encode: Callable[[Sequence[str]], Vectors]) -> Reader:
    """What workers read people's own words with. Raises as `own_words_of` does."""
    return _WordLists.of(settings).reader(encoder_name, encode)


@dataclass(frozen=True)
class _WordLists:
    """What texts are read with, but for an encoder."""

    entities: EntityFinder
    taxonomy: Taxonomy
    sentiment: SentimentModel
    sensitive: SensitiveTags | None

    @classmethod
    def of(cls, settings: Settings) -> _WordLists:
        meaning, sensitive = settings.meaning, sensitive_of(settings)
        taxonomy = load_taxonomy(meaning.taxonomy, sensitive)
        return cls(EntityFinder(load_lexicons(meaning.lexicons)), taxonomy, packaged_sentiment(), sensitive)

    def reader_of_titles(self) -> Reader:
        return Reader(self.entities, TopicFinder(self.taxonomy, sensitive=self.sensitive), _unfelt, self.sensitive)

    def reader(self, encoder_name: str, encode: Callable[[Sequence[str]], Vectors]) -> Reader:
        def score(texts: Sequence[str], vectors: Vectors | None) -> NDArray[np.float64]:
            return self.sentiment.read(texts, vectors, encoder_name)

        topics = TopicFinder(self.taxonomy, encode, sensitive=self.sensitive)
        return Reader(self.entities, topics, score, self.sensitive)


def _unfelt(texts: Sequence[str], _: Vectors | None) -> NDArray[np.float64]:
    """What items are called is no opinion, so nothing is spent on it."""
    return np.zeros(len(texts))


def influence_rules_of(settings: Settings) -> InfluenceRules:
    """How much one account may bring."""
    guards = settings.guards
    return InfluenceRules(guards.most, guards.most_alike, guards.window_hours * HOUR_S)


def intent_rules_of(settings: Settings) -> IntentRules:
    """When a session is about buying or comparing."""
    intent = settings.intent
    return IntentRules(intent.session_gap_minutes * MINUTE_S, intent.buy, intent.compare)


def originals_of(settings: Settings) -> Callable[[DeadLetter], DeadLetter]:
    """What dead letters keep of the refused record. Raises UsageError for a key that is none."""
    key = settings.dead_letter_key()
    if settings.dead_letters.original == "sealed" and key is not None:
        sealer = Sealer(key)
        return lambda letter: sealed(letter, sealer.seal)
    return stripped if settings.dead_letters.original == "none" else plain


def sensitive_of(settings: Settings) -> SensitiveTags | None:
    """Tags that are never made."""
    terms = settings.profile.sensitive_tags
    return SensitiveTags(terms) if terms else None


def publish_rules_of(settings: Settings, encoder: Encoder, actions: ActionTable) -> PublishRules:
    """How profiles are published."""
    profile = settings.profile
    return PublishRules(
        model=model_of(encoder),
        short_half_life_s=profile.short_half_life_days * DAY_S,
        long_half_life_s=profile.long_half_life_days * DAY_S,
        degraded=encoder.degraded,
        n_tags=profile.published_tags,
        platform_weights=profile.platform_weights,
        consent_defaults=settings.consent.model_dump(),
        intent=intent_rules_of(settings),
        own_half_life_of=actions.half_life_s_of,
    )
