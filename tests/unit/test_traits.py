"""H8: what people say about themselves is kept under few names and in any order; of what they do, only the language."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.adapters.cloudevents import decode
from streams.adapters.mapping_files import decoder_for, load_mappings
from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.languages import (
    MAX_LANGUAGES,
    MIN_SUPPORT,
    LanguageShare,
    LanguageState,
    code_of,
    spoken_by,
    take_to,
)
from streams.domain.limits import IngestLimits
from streams.domain.profiles import Model, Trait, decode_profile, encode_profile
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.segment_fields import Seen, field_at
from streams.domain.sensitive import DEFAULT_TERMS, SensitiveTags
from streams.domain.states import AccountState, UserState, pack_state, unpack_account, unpack_state
from streams.domain.trait_intake import DEFAULT_TRAITS, MAX_VALUE_CHARS, kept_traits, trait_name
from streams.domain.traits import MAX_TRAITS, Declared, declare
from streams.service.normalise import NormalisedBatch, Normaliser
from tests.support.cloud_events import FORMS, NOON_S, Form, a_cloud_event, a_record
from tests.support.whole import Whole

pytestmark = pytest.mark.requirement("H8")
SECRET = b"0123456789abcdef"
DIM = 2
FOLD = FoldRules(
    DIM, lambda kind: {"viewed": 1.0, "disliked": -3.0}.get(kind.rpartition(".")[2], 0.0), 2 * DAY_S, 60 * DAY_S,
    sensitive=SensitiveTags(DEFAULT_TERMS),
)  # fmt: skip
PUBLISH = PublishRules(Model("m", "1", DIM), 2 * DAY_S, 60 * DAY_S, platform_weights={"ads": 0.0})
VECTORS = np.zeros((0, DIM), np.float32)


def normalised(data: Any, form: Form = "json", limits: IngestLimits | None = None, **more: Any) -> NormalisedBatch:
    gate = Normaliser(SECRET, lambda _: decode, limits=limits)
    return gate.normalise([a_record(a_cloud_event("shop.user.traits", data=data, **more), form)], "shop")


def kept(**said: Any) -> dict[str, Any]:
    return kept_traits(said, NOON_S, DEFAULT_TRAITS)


def says(number: int, account: str, at_s: float = NOON_S, **traits: Any) -> Event:
    platform = account.partition("-")[0]
    return Event(event_id("s", str(number)), account, platform, f"{platform}.user.traits", at_s, at_s, traits=traits)


def sees(number: int, language: str, kind: str = "shop.product.viewed", account: str = "shop-1") -> Event:
    item = Item(f"i{number}", title="x", language=language)
    return Event(
        event_id("v", str(number)), account, account.partition("-")[0], kind, NOON_S + number, NOON_S, item=item
    )


def folded(*events: Event) -> UserState:
    states = {"user": UserState()}
    for offset, event in enumerate(events):
        fold(FOLD, states, [Observation(offset, "user", event, -1)], VECTORS)
        states["user"] = unpack_state(pack_state(states["user"]))
    return states["user"]


def published(*events: Event) -> dict[str, Trait]:
    record = profile_of(PUBLISH, "user", folded(*events), Cause("update", []))
    return decode_profile(encode_profile(record)).traits


@pytest.mark.parametrize("form", FORMS)
def test_a_declared_trait_passes_the_gate_in_every_form(form: Form) -> None:
    ((_, event),) = normalised({"traits": {"gender": "f", "householdSize": 3, "country": None}}, form).events
    assert event.traits == {"gender": "f", "household_size": 3, "country": None}


@pytest.mark.requirement("N10")
@pytest.mark.parametrize("form", FORMS)
def test_segments_own_traits_leave_nothing_of_the_person_behind(form: Form) -> None:
    said = {
        "address": {"city": "Roma", "street": "RAW 1"}, "avatar": "https://RAW.example", "birthday": "1990-07-15",
        "company": {"name": "RAW"}, "createdAt": "2020-01-01", "description": "RAW", "email": "raw@RAW.example",
        "firstName": "RAW", "id": "RAW", "lastName": "RAW", "name": "RAW RAW", "phone": "+1 415 555 2671",
        "title": "RAW", "username": "RAW", "website": "RAW.example", "gender": "female",
    }  # fmt: skip
    batch = normalised({"traits": said}, form)
    ((_, event),) = batch.events
    assert event.traits == {"gender": "female", "age_band": "25-34"}
    assert b"RAW" not in msgspec.msgpack.encode(event)


@pytest.mark.parametrize(
    "value",
    [
        "ann@example.org", "call +1 415 555 2671", "4111 1111 1111 1111", "x" * (MAX_VALUE_CHARS + 1), " ", "<b></b>",
        {"a": 1}, ["a"], float("nan"), float("inf"), 1e12, 10**400,
    ],
)  # fmt: skip
def test_a_value_that_is_personal_or_no_plain_value_takes_the_trait_back(value: Any) -> None:
    assert kept(occupation=value) == {"occupation": None}


def test_values_are_cleaned_as_other_texts_are() -> None:
    assert kept(occupation="  <i>ｎｕｒｓｅ</i>\u200b ", language="zh-Hans") == {
        "occupation": "nurse",
        "language": "zh",
    }


@pytest.mark.parametrize(
    ("said", "band"),
    [
        ({"age": 34}, "25-34"), ({"age": "65"}, "65+"), ({"age": 12.5}, "0-12"), ({"age": -1}, None),
        ({"age": True}, None), ({"age": 300}, None), ({"birthday": "1989-05-01"}, "35-44"),
        ({"birthday": "1989-05-02"}, "25-34"), ({"birthday": "1989-13-01"}, None), ({"dateOfBirth": "2030-01-01"}, None),
        ({"age_band": "35-49", "age": 20}, "35-49"), ({"age_band": "1989-05-01"}, None), ({"birthday": None}, None),
    ],
)  # fmt: skip
def test_an_age_is_kept_as_a_band_of_the_day_of_the_event(said: dict[str, Any], band: str | None) -> None:
    assert kept(**said) == {"age_band": band}  # NOON_S is on the first of May 2024


def test_an_operator_chooses_other_names_but_none_that_name_a_person() -> None:
    limits = IngestLimits(traits=frozenset({"plan"}))
    ((_, event),) = normalised({"traits": {"plan": "gold", "gender": "f"}}, limits=limits).events
    assert event.traits == {"plan": "gold"}
    for name in ("email", "first_name", "ip_address", "home_phone", "user_id", ""):
        with pytest.raises(ValueError, match="names a person"):
            IngestLimits(traits=frozenset({name}))
    with pytest.raises(ValueError, match="write 'shoe_size'"):
        IngestLimits(traits=frozenset({"shoeSize"}))
    assert {trait_name(name) for name in DEFAULT_TRAITS} == DEFAULT_TRAITS


def test_what_says_nothing_that_is_kept_is_counted_and_what_cannot_be_read_is_refused() -> None:
    for data in ({}, {"traits": None}, {"traits": {}}, {"traits": {"email": "a@b.org"}}):
        batch = normalised(data)
        assert (batch.events, batch.dead, batch.n_ignored) == ([], [], 1)
    too_many = {f"t{number}": 1 for number in range(300)}
    reasons = [normalised({"traits": said}).dead[0].reason for said in ([1], "f", 5, too_many)]
    assert reasons == ["wrong_type", "wrong_type", "wrong_type", "out_of_range"]


def test_traits_without_consent_to_a_profile_are_dropped_at_the_gate() -> None:
    batch = normalised({"traits": {"gender": "f"}}, consent="denied")
    assert (batch.events, batch.n_refused) == ([], 1)


class Backwards:
    """Shuffles as the end comes first."""

    def shuffle(self, words: list[Any]) -> None:
        words.reverse()


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["gender", "country", "religion", *(f"t{number}" for number in range(MAX_TRAITS + 2))]),
        st.sampled_from(["a", "b", "christian", 1, 1.0, True, None]),
        st.integers(0, 4),
        st.sampled_from(["shop-1", "video-1", "ads-1"]),
    ),
    max_size=60,
)


@pytest.mark.requirement("H5")
@settings(max_examples=200, deadline=None)
@example([("gender", 1, 0, "video-1"), ("gender", 1.0, 0, "shop-1")], Backwards())
@given(WORDS, st.randoms(use_true_random=False))
def test_any_order_and_any_repeats_of_the_same_words_give_the_same_traits(words: list[Any], random: Any) -> None:
    events = [says(n, who, NOON_S + at_s, **{name: value}) for n, (name, value, at_s, who) in enumerate(words)]
    other = events + events[:7]
    random.shuffle(other)
    one, two = folded(*events), folded(*other)
    for name, account in one.accounts.items():
        assert repr(sorted(account.traits.items())) == repr(sorted(two.accounts[name].traits.items()))
        assert len(account.traits) <= MAX_TRAITS
    if events:
        assert repr(published(*events)) == repr(published(*other))


@given(WORDS)
def test_the_newest_word_holds_and_no_sensitive_one_is_kept(words: list[Any]) -> None:
    held: dict[str, Declared] = {}
    for name, value, at_s, _ in words:
        held = declare(held, {name: value}, at_s, FOLD.sensitive)
    for name, word in held.items():
        assert word.at_s == max(at_s for said, _, at_s, _ in words if said == name)
        assert name != "religion"
        assert word.value != "christian"


def test_the_newest_word_over_all_accounts_is_published_and_taking_back_is_one() -> None:
    events = [says(1, "shop-1", 10.0, gender="f", region="north"), says(2, "video-1", 20.0, gender="m", region=None)]
    assert published(*events) == {"gender": Trait("m", "declared", 1.0, 20.0, "video")}


def test_what_an_advertising_platform_says_is_no_trait_of_the_person() -> None:
    assert published(says(1, "ads-1", gender="f"), sees(2, "en")) == {}


def test_the_language_is_inferred_only_where_it_is_clear_and_a_declared_one_beats_it() -> None:
    english = [sees(number, "en-GB") for number in range(MIN_SUPPORT)]
    assert published(*english[:-1]) == {}
    inferred = published(*english)["language"]
    assert (inferred.value, inferred.source, inferred.confidence) == ("en", "inferred", 1.0)
    assert inferred.observed_at == NOON_S + MIN_SUPPORT - 1
    assert published(*english, *(sees(20 + number, "zh") for number in range(2))) == {}
    declared = published(*english, says(30, "shop-1", 5.0, language="zh"))
    assert declared == {"language": Trait("zh", "declared", 1.0, 5.0, "shop")}
    assert published(*english, says(30, "shop-1", 5.0, language=None))["language"].source == "inferred"


def test_what_a_person_dislikes_speaks_for_no_language_and_words_for_none_neither() -> None:
    disliked = [sees(number, "en", "news.article.disliked") for number in range(9)]
    assert published(*disliked, *(sees(20 + number, "English") for number in range(9))) == {}
    assert [code_of(words) for words in ("", "e", "en-", "中文", "en us", "en-US\n")] == [""] * 6


def test_nothing_but_the_language_is_ever_inferred() -> None:
    seen = [
        Event(
            event_id("s", str(number)), "shop-1", "shop", "shop.product.viewed", NOON_S, NOON_S, text="I am a pregnant nurse",
            item=Item(f"i{number}", "prayer book", category="religion", tags=("women", "quran"), language="en"),
        )
        for number in range(50)
    ]  # fmt: skip
    assert set(published(*seen)) == {"language"}


def test_languages_are_bounded_and_age_with_the_account() -> None:
    held: dict[str, LanguageState] = {}
    for number in range(MAX_LANGUAGES + 3):
        held = take_to(held, f"{chr(97 + number)}x", 1.0 + number, NOON_S)
    assert len(held) == MAX_LANGUAGES
    assert "ax" not in held
    old = [sees(number, "en") for number in range(9)]
    later = NOON_S + 50 * 365 * DAY_S  # the units of tags begin anew on the way
    new = [msgspec.structs.replace(sees(50 + number, "zh"), occurred_at_s=later) for number in range(9)]
    assert published(*old, *new)["language"].value == "zh"
    assert spoken_by([LanguageShare({"en": LanguageState(0.0, 9, 1.0)}, 1.0)]) is None


@pytest.mark.requirement("B2", "N10")
def test_traits_and_experiments_go_with_their_account_when_people_are_joined_parted_and_erased() -> None:
    whole = Whole()
    whole.say("shop", "ann", "user.traits", data={"traits": {"gender": "f"}}, experiment="ranking:a")
    whole.say("video", "ann-v", "user.traits", data={"traits": {"country": "it"}})
    whole.identify("linked", ("shop", "ann"), ("video", "ann-v"))
    whole.run()
    joined = whole.person("shop", "ann")
    assert {name: trait.platform for name, trait in joined.traits.items()} == {"gender": "shop", "country": "video"}
    assert [each.name for each in joined.experiments] == ["ranking"]
    whole.identify("unlinked", ("video", "ann-v"))
    whole.run()
    assert set(whole.person("shop", "ann").traits) == {"gender"}
    assert set(whole.person("video", "ann-v").traits) == {"country"}
    whole.say("shop", "ann", "user.erasure_requested", data={})
    whole.run()
    assert whole.person("shop", "ann") is None
    assert b"gender" not in whole.held()


@pytest.mark.requirement("N10")
def test_nothing_said_is_kept_of_an_account_that_allows_no_profile() -> None:
    whole = Whole()
    whole.say("shop", "ann", "user.traits", data={"traits": {"gender": "f"}}, experiment="ranking:a")
    whole.say("shop", "ann", "consent.changed", data={"consents": {"profile": False}})
    whole.say("shop", "ann", "user.traits", data={"traits": {"country": "it"}}, experiment="ranking:b")
    whole.run()
    assert whole.person("shop", "ann") is None
    assert not any(word in whole.held() for word in (b"gender", b"country", b"ranking"))


def test_an_account_of_before_traits_is_read_as_one_without_them() -> None:
    whole = msgspec.msgpack.decode(pack_state(AccountState("shop", 1.0, 1.0, 1.0)))
    n_new = len(AccountState.__struct_fields__) - AccountState.__struct_fields__.index("traits")
    account = unpack_account(msgspec.msgpack.encode(whole[:-n_new]))
    assert (account.traits, account.experiments, account.languages) == ({}, {}, {})


def test_a_segment_may_look_at_a_trait() -> None:
    state = folded(says(1, "shop-1", gender="f", household_size=3), sees(2, "en"))
    seen = Seen(profile_of(PUBLISH, "user", state, Cause("update", [])))
    values = [field_at(f"traits.{name}.value").read(seen) for name in ("gender", "household_size", "country")]
    assert values == ["f", "3", None]
    assert field_at("traits.gender.observed_at").kind == "time"


def test_a_mapping_file_hands_the_traits_over(tmp_path: Any) -> None:
    (tmp_path / "crm.toml").write_text('dialect = "segment"\n')
    mappings = load_mappings(tmp_path)
    said = {
        "type": "identify", "messageId": "m-1", "userId": "u-1", "originalTimestamp": "2024-05-01T11:00:00Z",
        "traits": {"email": "a@b.example", "age": 30, "gender": "f"},
    }  # fmt: skip
    record = msgspec.structs.replace(a_record(a_cloud_event()), value=json.dumps(said).encode(), headers=())
    batch = Normaliser(SECRET, decoder_for(mappings)).normalise([record], "crm")
    ((_, event),) = batch.events
    assert (event.type, event.traits) == ("crm.user.traits", {"age_band": "25-34", "gender": "f"})


@pytest.mark.requirement("H1")
def test_a_profile_joins_vectors_of_texts_counts_of_deeds_and_what_the_person_says_about_themselves():
    states, rows = {"user": UserState()}, np.eye(1, DIM, dtype=np.float32)
    deeds = [Observation(0, "user", sees(0, "en"), 0), Observation(1, "user", says(1, "shop-1", **kept(age=34)), -1)]
    fold(FOLD, states, deeds, rows)
    profile = profile_of(PUBLISH, "user", states["user"], Cause("update", []))
    np.testing.assert_allclose(np.frombuffer(profile.vectors.long, np.float16), rows[0], atol=1e-3)
    assert profile.platforms["shop"].counts["shop.product.viewed"] == 1
    assert [(trait.value, trait.source) for trait in profile.traits.values()] == [(*kept(age=34).values(), "declared")]
