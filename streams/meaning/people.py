"""People by the company they keep: a role before a name in capitals ("by ..."), a role beside a Chinese surname and
given name (作者), or a known first name in a text that speaks of works.

Private people are nobody's interest: "my neighbour Ann Miller" is left alone, and so is a name in a text without a
work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from streams.domain.readings import Mention
from streams.meaning.lexicons import ContextSpec
from streams.meaning.names import HAN

#: Bands, see docs/meaning.md: a name after its role; a Chinese one before it, or a known first name.
BY_ROLE: Final = 0.9
BY_FIRST_NAME: Final = 0.85

_REST: Final = r"[a-zA-Z'’À-ɏ]{0,24}[a-zà-ɏ](?:-[A-Z][a-z]+)?"
_CAPITAL: Final = rf"[A-Z]{_REST}"
_PARTICLE: Final = r"(?:van|von|de|der|la|del|di|du|bin)"
# Begins with a set of characters, which the engine skips to; that no letter stands before it is asked afterwards.
_NAME: Final = re.compile(
    rf"[A-Z](?<![A-Za-z][A-Z])(?:{_REST}|\. ?(?:[A-Z]\.)?)(?: [A-Z]\.)?(?: {_PARTICLE}){{0,2}}"
    rf" {_CAPITAL}(?: {_CAPITAL})?"
)
_WORK: Final = re.compile(
    r"(?i:\b(?:books?|novels?|reads?|reading|authors?|films?|movies?|songs?|albums?|bands?|music|series|stor(?:y|ies)|shows?"
    r"|writers?|writing|director|actors?|acting|poems?|poetry|paintings?|recipes?|team|plays?|played|concert|biograph))"
)
_PRIVATE: Final = re.compile(r"(?i:\b(?:my|our|your|his|her|their)(?: [a-z-]+){1,2}\s)$")
#: Never the second character of a given name, nor the only one: they go on with the sentence.
_GOING_ON: Final = frozenset(
    "的是在了和与写拍演说也都很不有这那被把就才又要会对从到为用出过去来上下里唱导着给让跟将等所及之版新一二三四五六七八九十两"
)
_TAIL_CHARS: Final = 28


class PeopleFinder:
    """Finds people in roles. spec: the words and characters that tell."""

    def __init__(self, spec: ContextSpec, ordinary: frozenset[str]) -> None:
        roles = sorted((re.escape(role) for role in spec.roles_en), key=len, reverse=True)
        titles = sorted((re.escape(title) for title in spec.titles_en), key=len, reverse=True)
        self._role = re.compile(rf"(?:^|[^A-Za-z])(?i:{'|'.join(roles)})\s?[:,]?\s?$") if roles else None
        self._titles = tuple(spec.titles_en)
        self._titled = (
            re.compile(rf"(?<![A-Za-z])(?:{'|'.join(titles)}) ({_CAPITAL}(?: {_CAPITAL})?)") if titles else None
        )
        self._first_names = frozenset(spec.first_names.split())
        self._ordinary = ordinary
        self._chinese = _chinese(spec)

    def find(self, text: str, *, in_title_case: bool) -> Iterator[Mention]:
        """People in a text, in no order. in_title_case: capitals say nothing there, so only roles count."""
        yield from self._english(text, in_title_case)
        if self._chinese is not None and not text.isascii():
            for pattern, confidence in zip(self._chinese, (BY_ROLE, BY_FIRST_NAME), strict=True):
                yield from (_person(found.start(1), found[1], confidence) for found in pattern.finditer(text))

    def _english(self, text: str, in_title_case: bool) -> Iterator[Mention]:
        for found in _NAME.finditer(text):
            words = found[0].split(" ")[: 2 if in_title_case else None]
            while len(words) > 2 and words[-1].lower() in self._ordinary:
                words.pop()
            if words[-1].lower() in self._ordinary and words[0].lower() not in self._first_names:
                continue
            name, start = " ".join(words), found.start()
            is_known = words[0].lower() in self._first_names
            has_role = (
                self._role is not None and self._role.search(text, max(0, start - _TAIL_CHARS), start) is not None
            )
            if has_role and (is_known or not in_title_case):
                yield _person(start, name, BY_ROLE)
            elif is_known and not in_title_case and _is_public(text, start):
                yield _person(start, name, BY_FIRST_NAME)
        if self._titled is not None and not in_title_case and any(title in text for title in self._titles):
            for found in self._titled.finditer(text):
                yield _person(found.start(1), found[1], BY_ROLE)


def _is_public(text: str, start: int) -> bool:
    """Whether a name may be one of public life."""
    return _WORK.search(text) is not None and not _PRIVATE.search(text, max(0, start - _TAIL_CHARS), start)


def _chinese(spec: ContextSpec) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    """(a name after its role, a name before it), each as group 1."""
    if not (spec.roles_zh and spec.titles_zh and spec.surnames_zh):
        return None
    surname = f"(?:欧阳|司马|诸葛|上官|慕容|[{''.join(spec.surnames_zh.split())}])"
    given, stop = "".join(spec.given_zh.split()), "".join(sorted(_GOING_ON))
    roles, titles = (
        "|".join(map(re.escape, sorted(words, key=len, reverse=True))) for words in (spec.roles_zh, spec.titles_zh)
    )
    before = rf"(?:{roles})(?:是|为|：|:| )?({surname}[{HAN}](?<![{stop}])(?:[{given}](?<![{stop}]))?)"
    return re.compile(before), re.compile(rf"({surname}[{given}]{{1,2}})(?={titles})")


def _person(start: int, name: str, confidence: float) -> Mention:
    return Mention("person", start, start + len(name), name.lower(), confidence)
