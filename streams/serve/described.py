"""The API description of answers: pydantic models made of the structures that are sent, so that none is written twice.

They only describe. Answers are written by msgspec (`streams.serve.answers`) and never pass through these models.
"""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel, Field, create_model

Base64 = Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]


@cache
def described(structure: type[msgspec.Struct], left_out: frozenset[str] = frozenset()) -> type[BaseModel]:
    """The model of a structure as JSON, with those it holds.

    left_out: fields that may be absent, in it and in all it holds. Raises TypeError for a type that JSON cannot hold.

    >>> from streams.service.recommendations import OwnEvent
    >>> sorted(described(OwnEvent).model_json_schema()["required"])
    ['event_id', 'platform', 'similarity', 'title', 'type']
    """
    omits = structure.__struct_config__.omit_defaults
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(structure):
        kind = _as_json(field.type, left_out)
        may_lack = field.name in left_out or (omits and not field.required)
        # A factory, because a plain default would be written into the description.
        fields[field.encode_name] = (kind, Field(default_factory=NoneType) if may_lack else ...)
    return create_model(structure.__name__, __doc__=structure.__doc__, **fields)


def _as_json(kind: Any, left_out: frozenset[str]) -> Any:
    if kind is bytes:
        return Base64
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return described(kind, left_out)
    if get_origin(kind) is Literal:
        return kind
    origin, inner = get_origin(kind), [_as_json(part, left_out) for part in get_args(kind)]
    if origin in {Union, UnionType}:
        return Union[tuple(inner)]  # noqa: UP007 - the members are known at run time only
    if origin in {list, dict}:
        return origin[tuple(inner)]
    if kind in {str, int, float, bool, NoneType}:
        return kind
    raise TypeError(f"{kind}: no rule how it looks in JSON; add one")
