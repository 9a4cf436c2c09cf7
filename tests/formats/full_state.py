"""A user's record in which every field says something: what a scenario does not touch must be read as well."""

from __future__ import annotations

from typing import Any

import msgspec

from streams.domain.consents import Standing, Word
from streams.domain.experiments import Assigned
from streams.domain.influence import Influence
from streams.domain.languages import LanguageState
from streams.domain.relations import EdgeEvidence, EdgeState, Relations
from streams.domain.seen_ids import SeenIds
from streams.domain.states import AccountState, Fading, FeelingState, Pointer, Recent, TagState, UserState, Waiting
from streams.domain.traits import Declared

AT_S = 1_750_000_000.0


def a_full_state() -> UserState:
    """Extend it with each new field, before the next release is kept."""
    account = AccountState(
        platform="shop", reference_s=AT_S, first_s=AT_S - 9, last_s=AT_S, short=bytes(range(32)), long=bytes(range(1, 33)),
        short_mass=1.5, long_mass=2.5, n_events=3, n_late=1, counts={"shop.product.viewed": 3},
        tags={"brand:acme": TagState(1.0, 2.0, 3, AT_S - 9, AT_S)},
        recent=[Recent(AT_S, b"01234567", "shop.product.viewed", "shop:i1", 1.0, ("brand:acme",), b"76543210")],
        seen=SeenIds(b"01234567", b"\1\2\3\4", 7, b"abcdefgh"), tag_scale=0.5,
        feelings={"brand:acme": FeelingState(0.5, 1.0, 2.0, 3.0, 6, AT_S)},
        influence=Influence({40_000: 2.0}, 40_000, {7: 1.0}),
        relations=Relations(AT_S, 0.25, {"likes:brand:acme": EdgeState(1.0, 2.0, 3, AT_S - 9, AT_S, (EdgeEvidence(AT_S, b"01234567"),))}),
        space=b"12345678", traits={"language": Declared("en", AT_S)}, experiments={"home": Assigned(AT_S, "b")},
        languages={"en": LanguageState(1.0, 2, AT_S)},
        fadings=[Fading(604_800.0, bytes(range(2, 34)), 1.5, {"brand:acme": TagState(1.0, 2.0, 3, AT_S - 9, AT_S)}, 0.5)],
    )  # fmt: skip
    return UserState(
        fence=9, revision=4, updated_s=AT_S, accounts={"a" * 32: account}, epochs={"a" * 32: 2},
        moved={"b" * 32: Pointer("c" * 32, 3)}, waiting={"d" * 32: Waiting([b"event"], [b"move"])},
        standings={"a" * 32: Standing({"share": Word(True, AT_S)}, Word(False, AT_S), {"brand:acme": Word(False, AT_S)}, 5.0)},
        segments={"runners": AT_S},
    )  # fmt: skip


def named(value: Any) -> Any:
    """Plain values under the names of their fields, bytes as hex digits."""
    if isinstance(value, msgspec.Struct):
        return {field: named(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): named(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [named(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else value


def unsaid(value: Any, place: str = "") -> list[str]:
    """Fields that are as they are by default, in any struct below: those that a fixture would not hold."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in unsaid(inner, f"{place}[{key}]")]
    if isinstance(value, list | tuple):
        return [found for inner in value for found in unsaid(inner, place)]
    if not isinstance(value, msgspec.Struct):
        return []
    found = []
    for field in msgspec.structs.fields(value):
        held = getattr(value, field.name)
        default = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        if held == default and field.name != "version":
            found.append(f"{place}.{field.name}")
        found += unsaid(held, f"{place}.{field.name}")
    return found
