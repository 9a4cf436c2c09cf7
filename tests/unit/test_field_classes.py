"""Every field of what is published or kept about people has a class, in the code and in the published schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
import pytest

from docs.generate import pages
from streams.domain.events import Event, ItemRecord
from streams.domain.field_classes import PROFILE, RECORDS, PersonalData, with_classes
from streams.domain.profiles import ProfileRecord


def structures(root: Any) -> Iterator[type[msgspec.Struct]]:
    """Every structure that a record holds, itself first."""
    seen: list[type[msgspec.Struct]] = []
    waiting = [root]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            if kind not in seen:
                seen.append(kind)
                waiting += [field.type for field in msgspec.structs.fields(kind)]
        else:
            waiting += get_args(kind)
    return iter(seen)


@pytest.mark.parametrize(
    ("root", "classes"),
    [(ProfileRecord, PROFILE), (Event, RECORDS), (ItemRecord, RECORDS)],
    ids=lambda each: str(each)[:30],
)
def test_every_field_has_one_class_and_no_class_is_of_a_field_that_is_gone(
    root: Any, classes: Mapping[type[msgspec.Struct], Mapping[str, str]]
) -> None:
    for structure in structures(root):
        assert set(classes[structure]) == set(structure.__struct_fields__), structure.__name__
        assert set(classes[structure].values()) <= set(get_args(PersonalData))


def test_the_published_schema_says_the_class_of_every_property() -> None:
    schema = json.loads(pages()["schemas/profile.json"])
    said = {
        f"{name}.{field}": described.get("x-personal-data")
        for name, definition in schema["$defs"].items()
        for field, described in definition["properties"].items()
    }
    assert len(said) > 50
    assert [field for field, said_class in said.items() if said_class not in get_args(PersonalData)] == []
    assert said["Account.account"] == "pseudonym"
    assert said["ProfileRecord.blocked_tags"] == "choice"


def test_a_property_without_a_class_is_an_error() -> None:
    class Tag(msgspec.Struct):
        mood: str

    with pytest.raises(KeyError, match="mood"):
        with_classes(msgspec.json.schema(Tag))
