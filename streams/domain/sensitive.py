"""What Braid must not learn about anybody: tags that tell health, faith, politics, sexuality, origin or a trade union.

The kinds are those of article 9 GDPR and article 28 PIPL. Such a tag is never made, so nothing is summed, labelled or
published under it. Words decide, so the list is short and meant to be extended: a word that is not on it is not seen,
and an innocent tag that carries one ("cancer" for the zodiac) is lost too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from streams.domain.tags import split_tag

#: Tags whose answer is remembered; a few thousand make up most of what comes.
REMEMBERED: Final = 65_536
DEFAULT_TERMS: Final = (
    # health conditions
    "disease", "diseases", "disorder", "illness", "diabetes", "diabetic", "cancer", "tumor", "tumour", "chemotherapy",
    "hiv", "hepatitis", "epilepsy", "asthma", "depression", "bipolar", "schizophrenia", "autism", "adhd",
    "dementia", "alzheimer", "infertility", "ivf", "abortion", "miscarriage", "addiction", "alcoholism", "disability",
    "疾病", "糖尿病", "癌症", "肿瘤", "化疗", "艾滋", "性病", "肝炎", "癫痫", "哮喘", "抑郁", "双相",
    "精神分裂", "自闭", "痴呆", "不孕", "试管婴儿", "堕胎", "流产", "成瘾", "酗酒", "残疾",
    # religion and belief
    "religion", "religious", "christian", "christianity", "catholic", "protestant", "muslim", "islam", "islamic",
    "jewish", "judaism", "hindu", "hinduism", "buddhist", "buddhism", "sikh", "atheist", "atheism", "bible", "quran",
    "church", "mosque", "synagogue",
    "宗教", "基督", "天主教", "伊斯兰", "穆斯林", "犹太教", "印度教", "佛教", "道教", "无神论",
    "圣经", "古兰经", "教堂", "清真寺",
    # political opinion; politics as a subject of news is none
    "left wing", "right wing", "conservative", "republican", "socialist",
    "socialism", "communist", "communism", "anarchist", "fascism",
    "政党", "左翼", "右翼", "自由派", "保守派", "社会主义", "共产", "无政府主义",
    # sexual life and orientation
    "gay", "lesbian", "bisexual", "homosexual", "transgender", "queer", "lgbt", "lgbtq", "sexuality", "porn",
    "同性恋", "双性恋", "跨性别", "性取向", "性生活", "色情",
    # racial or ethnic origin
    "ethnicity", "ethnic", "race relations", "immigrant", "refugee",
    "种族", "民族身份", "少数民族", "移民身份", "难民",
    # trade-union membership
    "trade union", "trade unions", "labor union", "labour union", "union membership",
    "工会",
)  # fmt: skip


class SensitiveTags:
    """Tags as `<kind>:<value>`, told apart by the words of their values. terms: words or phrases, any case.

    A Latin term matches whole words; one in a script without spaces matches anywhere. Safe from several threads.

    >>> SensitiveTags(["left wing", "糖尿病"]).without(("topic:Left-Wing books", "topic:糖尿病食谱", "topic:wing"))
    ('topic:wing',)
    """

    def __init__(self, terms: Iterable[str]) -> None:
        whole: list[str] = []
        anywhere: list[str] = []
        for term in sorted({" ".join(term.casefold().split()) for term in terms} - {""}):
            (whole if term.isascii() else anywhere).append(r"[\W_]+".join(map(re.escape, term.split())))
        parts = [rf"(?<![^\W_])(?:{'|'.join(whole)})(?![^\W_])"] if whole else []
        self._pattern = re.compile("|".join(parts + anywhere) or r"(?!)")
        self._known: dict[str, bool] = {}

    def says(self, words: str) -> bool:
        """Whether words name something sensitive."""
        return self._pattern.search(words.casefold()) is not None

    def without(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        """The tags that may be made, in their order; one look-up a tag where they were met before."""
        known = self._known
        try:
            return tags if not any(map(known.__getitem__, tags)) else tuple(tag for tag in tags if not known[tag])
        except KeyError:
            return self._learnt(tags)

    def _learnt(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        if len(self._known) > REMEMBERED:
            self._known = {}
        said = {tag: self.says(split_tag(tag)[1]) for tag in tags}
        self._known.update(said)
        return tuple(tag for tag in tags if not said[tag])
