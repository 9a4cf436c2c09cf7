"""Ids and addresses that stand out wherever they turn up, people who have them, and where to look for them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
from rocksdict import AccessType, Options, Rdict

Sent = tuple[str, bytes, bytes, list[tuple[str, bytes]]]
"""(topic without prefix, key, value, headers)"""
ACTIONS = {"shop": "product.viewed", "video": "video.liked", "social": "post.liked"}
ITEM = {"item_id": "tent-1", "title": "tent for two", "category": "camping"}


@dataclass(frozen=True)
class Person:
    """Somebody with an account on every platform, a login, a device and addresses."""

    number: int

    def account(self, platform: str) -> str:
        return f"Zq7-acct-{platform}-{self.number:03}x"

    @property
    def userid(self) -> str:
        return f"Zq7-uid-{self.number:03}x"

    @property
    def visitor(self) -> str:
        return f"Zq7-anon-{self.number:03}x"

    @property
    def session(self) -> str:
        return f"Zq7-sess-{self.number:03}x"

    @property
    def device(self) -> str:
        return f"zq7-device-{self.number:03}x"

    @property
    def email(self) -> str:
        return f"zq7.person{self.number:03}@inbox.example"

    @property
    def phone(self) -> str:
        return f"1397726{self.number:04}"

    @property
    def words(self) -> str:
        return f"write to {self.email} or call {self.phone}, the tent is great"

    def canaries(self) -> list[str]:
        """Everything that must not leave the gate."""
        named = [self.account(platform) for platform in ACTIONS]
        return [*named, self.userid, self.visitor, self.session, self.device, self.email, self.phone]


def event(person: Person, platform: str, action: str, identifier: str, **more: Any) -> dict[str, Any]:
    """One deed with everything in it that names the person."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    said = {
        "specversion": "1.0", "id": identifier, "source": f"/{platform}", "type": f"{platform}.{action}", "time": stamp,
        "subject": person.account(platform), "userid": person.userid, "anonymousid": person.visitor,
        "sessionid": person.session, "data": {"item": ITEM},
    }  # fmt: skip
    return said | more


def deeds(person: Person) -> Iterator[Sent]:
    """Events in every form, a link by raw addresses, words with addresses in them."""
    for platform, action in ACTIONS.items():
        said = event(person, platform, action, f"{platform}-{person.number}")
        yield f"events.{platform}", said["subject"].encode(), json.dumps(said).encode(), []
    key = person.account("shop").encode()
    review = event(person, "shop", "review.posted", f"review-{person.number}")
    review["data"] = {"item": ITEM | named(person), "text": person.words, "rating": 5}
    packed = [("content-type", b"application/cloudevents+msgpack")]
    yield "events.shop", key, msgpack.packb(review), packed
    search = event(person, "shop", "product.searched", f"search-{person.number}")
    body = json.dumps({"query": person.words}).encode()
    headers = [(f"ce_{name}", str(value).encode()) for name, value in search.items() if name != "data"]
    yield "events.shop", key, body, [*headers, ("content-type", b"application/json")]
    yield "identity", key, json.dumps(link(person)).encode(), []


def named(person: Person) -> dict[str, Any]:
    """What an item may be called by somebody who wants to be written to."""
    return {
        "title": f"tent of {person.email}", "description": person.words, "brand": person.email, "author": person.phone,
        "category": f"call {person.phone}", "tags": ["tent", person.email, f"tel {person.phone}"], "genre": [person.email],
    }  # fmt: skip


def link(person: Person) -> dict[str, Any]:
    """All accounts of a person, by everything that a provider may know."""
    accounts = [{"platform": platform, "account": person.account(platform)} for platform in ACTIONS]
    data = {"accounts": accounts, "userid": person.userid, "email": person.email, "phone": person.phone}
    return {
        "specversion": "1.0", "id": f"link-{person.number}", "source": "/idp", "type": "identity.linked",
        "data": data | {"device": person.device},
    }  # fmt: skip


def faults(person: Person) -> Iterator[Sent]:
    """Records that no stage can read, with canaries at every place that an error message might repeat."""
    canary, key = person.account("shop"), person.account("shop").encode()
    for number, change in enumerate(
        (
            {"type": f"shop.{canary}"}, {"type": f"{canary}.product.viewed"}, {"time": canary}, {"specversion": canary},
            {"dataschema": f"urn:braid:event:{canary}"}, {"data": {"item": canary}}, {"subject": [canary]},
            {"data": {"item": {"item_id": f"{canary}\n"}}}, {"consent": {canary: True}}, {"sentat": person.email},
        )
    ):  # fmt: skip
        said = event(person, "shop", "product.viewed", f"bad-{number}", **change)
        yield "events.shop", key, json.dumps(said).encode(), [("ce_subject", key)]
    yield "events.shop", key, b"{not json " + key, []
    yield "items", key, b"{not json " + key, []
    for bad in ({"type": canary}, {"data": {"email": canary}}, {"data": {"nodes": [canary]}}, {"data": {"userid": "null"}}):
        yield "identity", key, json.dumps(link(person) | bad).encode(), []


class Search:
    """Finds canaries in bytes; everything found is kept with its place."""

    def __init__(self, canaries: Iterable[str]) -> None:
        self._pattern = re.compile(b"|".join(re.escape(each.encode()) for each in canaries), re.IGNORECASE)
        self.found: list[str] = []

    def look(self, place: str, *parts: bytes | str | None) -> None:
        for part in parts:
            raw = part.encode() if isinstance(part, str) else part
            for match in self._pattern.findall(raw or b""):
                self.found.append(f"{place}: {match.decode()}")

    def files(self, folder: Path) -> int:
        """Every byte of every file below a folder; how many files."""
        files = [path for path in folder.rglob("*") if path.is_file()]
        for path in files:
            self.look(str(path.relative_to(folder.parent)), path.read_bytes())
        return len(files)

    def tables(self, folder: Path) -> int:
        """Every key and value of every table below a folder, since files may be compressed; how many entries."""
        n_entries = 0
        for current in sorted(path.parent for path in folder.rglob("CURRENT")):
            table = Rdict(str(current), Options(raw_mode=True), access_type=AccessType.read_only())
            for key, value in table.items():
                self.look(str(current.relative_to(folder.parent)), key, value)
                n_entries += 1
            table.close()
        return n_entries
