"""Which field a refusal is about, and what to do about it."""

from __future__ import annotations

from typing import Any

import pytest

from streams.adapters.mapping_files import decoder_for
from streams.domain.reasons import MEANING
from streams.domain.refused_fields import field_of
from streams.domain.remedies import REMEDY, remedy_of
from streams.service.normalise import Normaliser
from tests.support.cloud_events import a_cloud_event, a_record, an_item

SECRET = b"0123456789abcdef"


def refused(event: Any) -> tuple[str, str]:
    batch = Normaliser(SECRET, decoder_for({})).normalise([a_record(event)], "shop")  # type: ignore[arg-type]
    (letter,) = batch.dead
    return letter.reason, letter.detail


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(
    ("event", "field"),
    [
        (a_cloud_event(id=None), "id"),
        (a_cloud_event(time=None), "time"),
        (a_cloud_event(subject=None), "subject"),
        (a_cloud_event(time="yesterday"), "time"),
        (a_cloud_event(sentat="2024-05-01"), "sentat"),
        (a_cloud_event(time="2030-01-01T00:00:00Z"), "time"),
        (a_cloud_event("shop.thing.unheard"), "type"),
        (a_cloud_event("news.article.read"), "type"),
        (a_cloud_event(specversion="0.3"), "specversion"),
        (a_cloud_event(dataschema="urn:braid:event:9"), "dataschema"),
        (a_cloud_event(consent={"profile": "perhaps"}), "consent"),
        (a_cloud_event(data={"item": an_item(), "rating": "five"}), "data.rating"),
        (a_cloud_event(data={"item": an_item(), "rating": 9}), "data.rating"),
        (a_cloud_event(data={"item": an_item(item_id=None)}), "data.item.item_id"),
        (a_cloud_event(data={"item": an_item(tags=["a", 7])}), "data.item.tags"),
        (a_cloud_event(data={"item": an_item(item_id=" ")}), "data.item.item_id"),
        (a_cloud_event(data={}), "data.item"),
        (a_cloud_event("shop.product.searched", data={}), "data.query or data.text"),
        (a_cloud_event("shop.user.traits", data={"traits": [1]}), "data.traits"),
        ([1, 2], ""),
        ("text", ""),
    ],
)  # fmt: skip
def test_every_refusal_of_the_gate_names_its_field(event: Any, field: str) -> None:
    assert field_of(*refused(event)) == field


def test_what_is_wrong_with_a_record_as_a_whole_names_none() -> None:
    assert field_of("bad_json", "not one well-formed document") == ""
    assert field_of("too_large", "2000000 bytes, at most 1000000") == ""


def test_a_mapping_that_does_not_fit_names_its_own_field() -> None:
    assert field_of("mapping_failed", "rating: expected a number, got list") == "rating"
    assert field_of("missing_field", "the mapping's envelope.type") == "type"


def test_there_is_a_remedy_for_every_reason_of_the_gate_of_events() -> None:
    of_links = {
        "too_few_nodes", "placeholder", "blocked_identifier", "shared_identifier", "unique_conflict", "person_too_large",
        "still_linked",
    }  # fmt: skip
    assert set(REMEDY) == set(MEANING) - of_links - {"wrong_key"}
    assert "docs/platforms.md" in remedy_of("still_linked")


