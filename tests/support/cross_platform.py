"""Platforms that show what is at home elsewhere, too (goods and ads in a social feed, videos among news), and what a person
does on two of them.

`category` is the platform's own word for what an item is there; its subject is in the title and the tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from streams.domain.events import Item, ItemRecord
from tests.support.serving import SUBJECTS, Did, an_item, an_item_record

#: What every kind says of itself, in words that say nothing about a subject.
OPENINGS: Final[Mapping[str, str]] = {
    "goods": "buy now", "ads": "sponsored", "posts": "my day with", "videos": "watch", "articles": "our report",
}  # fmt: skip
SHOWN: Final[Mapping[str, Sequence[str]]] = {
    "shop": ("goods",),
    "video": ("videos", "ads"),
    "social": ("posts", "goods", "ads", "videos"),
    "news": ("articles", "videos"),
}
#: How somebody shows on a platform that they took to an item.
TAKING_TO: Final[Mapping[str, str]] = {"social": "social.post.liked", "news": "news.article.shared"}


@dataclass(frozen=True)
class Scenario:
    """deeds: (event type, kind of the item), each about an item of its own. kind: what the platform is to recommend."""

    name: str
    deeds: tuple[tuple[str, str], ...]
    platform: str
    kind: str

    def done(self, *subjects: str, person: str = "ada", days_ago: float = 0.0) -> list[Did]:
        """The deeds about one subject, or each about its own."""
        return [
            Did(what, f"{what.partition('.')[0]}:{kind}-{subjects[number % len(subjects)]}-{number}", days_ago, person=person)
            for number, (what, kind) in enumerate(self.deeds)
        ]

    def takes_to(self, subject: str, number: int, person: str) -> Did:
        """Somebody likes one of the items that are to be recommended."""
        return Did(TAKING_TO[self.platform], f"{self.platform}:{self.kind}-{subject}-{number}", 1.0, person=person)


_SOCIAL_INTEREST: Final = ("social.post.liked", "posts")
GOODS_ON_SOCIAL: Final = Scenario(
    "goods-on-social", (("shop.product.viewed", "goods"), _SOCIAL_INTEREST), "social", "goods"
)
#: Ads say nothing about interests wherever content is gathered, so the social interest carries these two.
SEEN_AD_ON_SOCIAL: Final = Scenario(
    "seen-ad-on-social", (("video.ad.impression", "ads"), _SOCIAL_INTEREST), "social", "ads"
)
CLICKED_AD_ON_SOCIAL: Final = Scenario(
    "clicked-ad-on-social", (("video.ad.clicked", "ads"), _SOCIAL_INTEREST), "social", "ads"
)
VIDEO_ON_NEWS: Final = Scenario(
    "video-on-news", (("social.video.played", "videos"), ("news.article.read", "articles")), "news", "videos"
)
SCENARIOS: Final = (GOODS_ON_SOCIAL, SEEN_AD_ON_SOCIAL, CLICKED_AD_ON_SOCIAL, VIDEO_ON_NEWS)


def mixed_items() -> list[ItemRecord]:
    """`<platform>:<kind>-<subject>-<n>` for every kind that a platform shows."""
    return [
        an_item_record(platform, _item(kind, subject, number, title))
        for platform, kinds in SHOWN.items()
        for kind in kinds
        for subject, titles in SUBJECTS.items()
        for number, title in enumerate(titles)
    ]


def _item(kind: str, subject: str, number: int, title: str) -> Item:
    sold = {"brand": "Acme", "price": 10.0 + number, "currency": "USD"} if kind in {"goods", "ads"} else {}
    filmed = {"author": "Kim", "duration_s": 60.0} if kind == "videos" else {}
    return an_item(f"{kind}-{subject}-{number}", f"{OPENINGS[kind]}: {title}", kind, tags=(subject,), **sold, **filmed)
