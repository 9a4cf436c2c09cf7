"""What kind of personal data each field of a published or kept record is: for audits, exports and readers downstream.

* `pseudonym`  stands for a person, an account or one of their events; a keyed or plain hash
* `behaviour`  what the person did, as the platform said it
* `inference`  what Braid made of that
* `attribute`  what the person or a platform says that the person is
* `choice`     what the person decided about their data
* `technical`  about the record, the model or an item, not about the person

A field that holds a structure has the class of the most telling thing in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from streams.domain import consents, events, intents, profiles

PersonalData = Literal["pseudonym", "behaviour", "inference", "attribute", "choice", "technical"]
Classes = Mapping[str, PersonalData]


def _classes(  # noqa: PLR0913 - one a class
    *,
    pseudonym: str = "",
    behaviour: str = "",
    inference: str = "",
    attribute: str = "",
    choice: str = "",
    technical: str = "",
) -> Classes:
    named: dict[PersonalData, str] = {
        "pseudonym": pseudonym, "behaviour": behaviour, "inference": inference, "attribute": attribute,
        "choice": choice, "technical": technical,
    }  # fmt: skip
    return {field: name for name, fields in named.items() for field in fields.split()}


PROFILE: Final[Mapping[type[msgspec.Struct], Classes]] = {
    profiles.ProfileRecord: _classes(
        pseudonym="profile_id change identity",
        behaviour="as_of events_applied platforms recent experiments",
        inference="vectors tags quality sentiment segments intent relations",
        attribute="traits",
        choice="consents personalised blocked_tags",
        technical="schema_version revision updated_at model",
    ),
    profiles.Model: _classes(technical="name version dim"),
    profiles.Change: _classes(pseudonym="trigger_ids", inference="entered left", technical="kind"),
    profiles.Segment: _classes(inference="id entered_at"),
    intents.Intent: _classes(
        pseudonym="evidence", behaviour="started_at ended_at", inference="kind confidence"
    ),
    profiles.Identity: _classes(pseudonym="accounts merged_into"),
    profiles.Account: _classes(pseudonym="account", behaviour="platform first_seen last_seen"),
    profiles.Evidence: _classes(pseudonym="id", behaviour="type time", inference="weight"),
    profiles.Tag: _classes(
        behaviour="first_seen last_seen support", inference="tag kind score polarity platforms evidence"
    ),
    profiles.PlatformBlock: _classes(
        behaviour="first_seen last_seen counts", inference="mass share short long tags sentiment"
    ),
    profiles.Sentiment: _classes(behaviour="n", inference="score positive neutral negative entities"),
    profiles.EntitySentiment: _classes(behaviour="n last_seen", inference="entity kind score"),
    profiles.Relation: _classes(
        pseudonym="evidence",
        behaviour="support first_seen last_seen",
        inference="relation kind name weight",
    ),
    profiles.Interest: _classes(inference="vector mass label evidence"),
    profiles.Vectors: _classes(inference="short long interests"),
    profiles.RecentEvent: _classes(pseudonym="id", behaviour="type platform item time", inference="weight"),
    profiles.Consent: _classes(choice="status at"),
    profiles.Trait: _classes(
        behaviour="observed_at platform", inference="source confidence", attribute="value"
    ),
    profiles.Experiment: _classes(behaviour="at", technical="name variant"),
    profiles.Quality: _classes(
        behaviour="late_events", inference="cold_start confidence", technical="degraded tags_filtered"
    ),
}  # fmt: skip

RECORDS: Final[Mapping[type[msgspec.Struct], Classes]] = {
    events.Event: _classes(
        pseudonym="event_id account session reverses",
        behaviour="platform type occurred_at_s strength item text is_rated experiment",
        attribute="traits",
        choice="will",
        technical="received_at_s version",
    ),
    consents.Will: _classes(
        choice="consents personalised block unblock erase expire_before_s",
        technical="reencode",
    ),
    events.ItemRecord: _classes(
        technical="platform item model vector degraded updated_at_s offset version",
    ),
    events.Item: _classes(
        technical="item_id title description category brand color tags price currency author genre duration_s language",
    ),
}  # fmt: skip


def with_classes(schema: dict[str, object]) -> dict[str, object]:
    """A JSON Schema made of the records of PROFILE with `x-personal-data` at each property, in place.

    Raises KeyError for a property without a class.
    """
    by_name = {structure.__name__: classes for structure, classes in PROFILE.items()}
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    for name, definition in definitions.items():
        for field, described in definition["properties"].items():
            described["x-personal-data"] = by_name[name][field]
    return schema
