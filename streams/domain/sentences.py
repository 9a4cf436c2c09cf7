"""What somebody did as one sentence, in English or Chinese, and as one word of a small vocabulary, its label.

A sentence is a template by action, filled with the item's title and the person's words. Deterministic: the same deed
reads the same for ever under one `SENTENCES_VERSION`.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from streams.domain.actions import action_of
from streams.domain.events import Event

Language = Literal["en", "zh"]
Label = Literal[
    "view", "search", "want", "buy", "read", "watch", "listen", "like", "dislike", "follow", "share", "write",
    "take_back", "shown", "other",
]  # fmt: skip

#: Of templates and labels: whoever keeps sentences beside what they trained on it can tell that these were others.
SENTENCES_VERSION: Final = 1


#: A preposition that nothing follows.
_DANGLING: Final = re.compile(r" (for|on|of)$")


class _Phrase(NamedTuple):
    label: Label
    english: str
    chinese: str


_PHRASES: Final[dict[str, _Phrase]] = {
    "product.viewed": _Phrase("view", "viewed", "浏览商品"),
    "product.searched": _Phrase("search", "searched for", "搜索商品"),
    "cart.added": _Phrase("want", "put into the cart", "加入购物车"),
    "cart.removed": _Phrase("take_back", "took out of the cart", "移出购物车"),
    "wishlist.added": _Phrase("want", "put on the wish list", "加入心愿单"),
    "order.completed": _Phrase("buy", "bought", "购买商品"),
    "order.refunded": _Phrase("take_back", "returned", "退货"),
    "review.posted": _Phrase("write", "reviewed", "评价"),
    "video.played": _Phrase("watch", "watched", "观看视频"),
    "video.liked": _Phrase("like", "liked the video", "点赞视频"),
    "video.commented": _Phrase("write", "commented on the video", "评论视频"),
    "danmu.posted": _Phrase("write", "sent a live comment on", "发送弹幕"),
    "post.created": _Phrase("write", "posted", "发布帖子"),
    "post.liked": _Phrase("like", "liked the post", "点赞帖子"),
    "post.unliked": _Phrase("take_back", "no longer likes the post", "取消点赞帖子"),
    "post.shared": _Phrase("share", "shared the post", "转发帖子"),
    "comment.created": _Phrase("write", "commented on", "评论"),
    "account.followed": _Phrase("follow", "followed", "关注"),
    "account.unfollowed": _Phrase("take_back", "unfollowed", "取消关注"),
    "article.read": _Phrase("read", "read", "阅读文章"),
    "article.shared": _Phrase("share", "shared the article", "分享文章"),
    "article.disliked": _Phrase("dislike", "disliked the article", "不喜欢文章"),
    "track.played": _Phrase("listen", "listened to", "收听"),
    "track.skipped": _Phrase("dislike", "skipped", "跳过"),
    "track.saved": _Phrase("like", "saved", "收藏"),
    "playlist.added": _Phrase("like", "added to a playlist", "加入歌单"),
    "destination.searched": _Phrase("search", "searched for the destination", "搜索目的地"),
    "listing.viewed": _Phrase("view", "viewed the listing", "浏览房源"),
    "booking.completed": _Phrase("buy", "booked", "预订"),
    "booking.cancelled": _Phrase("take_back", "cancelled the booking of", "取消预订"),
    "ad.impression": _Phrase("shown", "was shown the ad", "看到广告"),
    "ad.clicked": _Phrase("view", "clicked the ad", "点击广告"),
    "ad.dismissed": _Phrase("dislike", "dismissed the ad", "关闭广告"),
    "recommendation.shown": _Phrase("shown", "was recommended", "收到推荐"),
    "recommendation.clicked": _Phrase("view", "followed the recommendation of", "点击推荐"),
    "recommendation.dismissed": _Phrase("dislike", "dismissed the recommendation of", "忽略推荐"),
}


def label_of(event_type: str) -> Label:
    """The class of a deed. `take_back`: it reverses another one. `shown`: it was done to the person, not by them.

    >>> label_of("shop.order.completed"), label_of("gym.exercise.done")
    ('buy', 'other')
    """
    phrase = _PHRASES.get(action_of(event_type))
    return "other" if phrase is None else phrase.label


def phrase_of(event_type: str, language: Language = "en") -> str:
    """The deed without what it is about; an action that only a mapping file knows is called by its name."""
    action = action_of(event_type)
    phrase = _PHRASES.get(action)
    if phrase is None:
        return action.replace(".", " ")
    return phrase.chinese if language == "zh" else phrase.english


def sentence_of(event_type: str, what: str, language: Language = "en") -> str:
    """The deed and what it is about; of a deed about nothing that is known, the deed.

    >>> sentence_of("shop.product.searched", "")
    'searched'
    >>> sentence_of("shop.order.completed", "Trail shoe"), sentence_of("shop.order.completed", "Trail shoe", "zh")
    ('bought Trail shoe', '购买商品 Trail shoe')
    """
    phrase = phrase_of(event_type, language)
    return f"{phrase} {what}" if what else _DANGLING.sub("", phrase)


def render_event(event: Event, language: Language = "en") -> str:
    """The sentence of an event, with the person's words in it.

    >>> from streams.domain.events import Item
    >>> tent = Item("i-1", title="Tent")
    >>> render_event(Event(b"", "", "shop", "shop.review.posted", 0.0, 0.0, item=tent, text="Dry."))
    'reviewed Tent: Dry.'
    """
    what = "" if event.item is None else event.item.title or event.item.item_id
    if not event.text:
        return sentence_of(event.type, what, language)
    head = f"{phrase_of(event.type, language)} {what}".rstrip()
    return f"{head}：{event.text}" if language == "zh" else f"{head}: {event.text}"
