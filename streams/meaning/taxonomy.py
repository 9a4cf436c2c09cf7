"""The topics that texts may be about: `taxonomy.toml`, made to be edited, checked when it is read."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import msgspec

from streams.domain.sensitive import SensitiveTags
from streams.errors import UsageError
from streams.meaning.names import fold, start_of

_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
#: One phrase is one way to say it: a topic needs several before closeness to them means something.
MIN_PHRASES: Final = 2


class TopicSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One topic as the file has it. like_en, like_zh: typical phrases. words: that speak for it, of either language."""

    id: str
    en: str
    zh: str
    parent: str = ""
    like_en: tuple[str, ...] = ()
    like_zh: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_heading(self) -> bool:
        """Whether it only groups others and is never found itself."""
        return not (self.like_en or self.like_zh or self.words)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    topic: list[TopicSpec]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Checked topics, parents known and no circles. Order as in the file."""

    topics: tuple[TopicSpec, ...]

    def found(self) -> tuple[TopicSpec, ...]:
        """The topics that a text can be about: all but the headings."""
        return tuple(topic for topic in self.topics if not topic.is_heading)

    def line(self, topic_id: str) -> tuple[str, ...]:
        """A topic and what it belongs to, itself first. Raises KeyError for an unknown one."""
        parents = {topic.id: topic.parent for topic in self.topics}
        line = [topic_id]
        while parents[line[-1]]:
            line.append(parents[line[-1]])
        return tuple(line)


def load_taxonomy(file: str | Path = "", sensitive: SensitiveTags | None = None) -> Taxonomy:
    """The packaged taxonomy, or an operator's file in its place. sensitive: names that no topic may bear.

    Raises UsageError with every fault of the file: unknown parents, circles, topics that are there twice, that nothing
    could find or that are named after something sensitive.
    """
    source: Traversable = Path(file) if file else resources.files("streams.meaning") / "taxonomy.toml"
    try:
        topics = msgspec.convert(tomllib.loads(source.read_text("utf-8")), _File).topic
    except (ValueError, OSError, msgspec.ValidationError) as error:
        raise UsageError(f"{source}: {error}; compare it with the packaged taxonomy") from error
    faults = faults_of(topics, sensitive)
    if faults:
        raise UsageError(f"{source}: {'; '.join(faults)}")
    return Taxonomy(tuple(topics))


def faults_of(topics: Sequence[TopicSpec], sensitive: SensitiveTags | None = None) -> list[str]:
    """What is wrong with the topics, in words that say where and what to do; empty when nothing is."""
    if not topics:
        return ["no topic; declare one with [[topic]]"]
    by_id = {topic.id: topic for topic in topics}
    faults = [
        f"topic {name!r} is there {n} times; keep one" for name, n in Counter(t.id for t in topics).items() if n > 1
    ]
    headings = {topic.parent for topic in topics}
    for topic in topics:
        where = f"topic {topic.id!r}"
        if not _ID.fullmatch(topic.id):
            faults.append(f"{where}: name it in 1-48 characters a-z 0-9 _, a letter first")
        if topic.parent and topic.parent not in by_id:
            faults.append(f"{where}: unknown parent {topic.parent!r}; declare it or take it away")
        if _is_circular(topic, by_id):
            faults.append(f"{where}: is its own ancestor; change a parent")
        if not topic.en.strip() or not topic.zh.strip():
            faults.append(f"{where}: give it a name in en and zh")
        faults += _faults_of_words(topic, where, is_parent=topic.id in headings)
        if sensitive is not None and any(map(sensitive.says, (topic.id.replace("_", " "), topic.en, topic.zh))):
            faults.append(f"{where}: named after something sensitive, which nobody's profile may say; take it away")
    return faults


def _faults_of_words(topic: TopicSpec, where: str, *, is_parent: bool) -> list[str]:
    if topic.is_heading:
        return [] if is_parent else [f"{where}: empty; give it like_en, like_zh and words, or children"]
    faults = [
        f"{where}: {name} has {len(phrases)} phrases; give at least {MIN_PHRASES}"
        for name, phrases in (("like_en", topic.like_en), ("like_zh", topic.like_zh))
        if len(phrases) < MIN_PHRASES or not all(map(str.strip, phrases))
    ]
    faults += [
        f"{where}: word {word!r} is too short to be found" for word in topic.words if start_of(fold(word)) is None
    ]
    return faults


def _is_circular(topic: TopicSpec, by_id: dict[str, TopicSpec]) -> bool:
    seen = {topic.id}
    parent = by_id.get(topic.parent)
    while parent is not None:
        if parent.id == topic.id:
            return True
        if parent.id in seen:  # another topic's circle
            return False
        seen.add(parent.id)
        parent = by_id.get(parent.parent)
    return False
