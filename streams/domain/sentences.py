"""What somebody did as one sentence, in English or Chinese: for people, explanations and sequence texts.

A sentence is a template by action, filled with the item's title and the person's words. Deterministic: the same event
reads the same for ever under one `SENTENCES_VERSION`.
"""

from __future__ import annotations

from typing import Final, Literal

from streams.domain.actions import action_of
from streams.domain.events import Event

Language = Literal["en", "zh"]

SENTENCES_VERSION: Final = 1

_PHRASES: Final[dict[str, tuple[str, str]]] = {
    "product.viewed": ("viewed", "浏览商品"),
    "product.searched": ("searched for", "搜索商品"),
    "cart.added": ("put into the cart", "加入购物车"),
    "cart.removed": ("took out of the cart", "移出购物车"),
    "wishlist.added": ("put on the wish list", "加入心愿单"),
    "order.completed": ("bought", "购买商品"),
    "order.refunded": ("returned", "退货"),
    "review.posted": ("reviewed", "评价"),
    "video.played": ("watched", "观看视频"),
    "video.liked": ("liked the video", "点赞视频"),
    "video.commented": ("commented on the video", "评论视频"),
    "danmu.posted": ("sent a live comment on", "发送弹幕"),
    "post.created": ("posted", "发布帖子"),
    "post.liked": ("liked the post", "点赞帖子"),
    "post.unliked": ("no longer likes the post", "取消点赞帖子"),
    "post.shared": ("shared the post", "转发帖子"),
    "comment.created": ("commented on", "评论"),
    "account.followed": ("followed", "关注"),
    "account.unfollowed": ("unfollowed", "取消关注"),
    "article.read": ("read", "阅读文章"),
    "article.shared": ("shared the article", "分享文章"),
    "article.disliked": ("disliked the article", "不喜欢文章"),
    "track.played": ("listened to", "收听"),
    "track.skipped": ("skipped", "跳过"),
    "track.saved": ("saved", "收藏"),
    "playlist.added": ("added to a playlist", "加入歌单"),
    "destination.searched": ("searched for the destination", "搜索目的地"),
    "listing.viewed": ("viewed the listing", "浏览房源"),
    "booking.completed": ("booked", "预订"),
    "booking.cancelled": ("cancelled the booking of", "取消预订"),
    "ad.impression": ("was shown the ad", "看到广告"),
    "ad.clicked": ("clicked the ad", "点击广告"),
    "ad.dismissed": ("dismissed the ad", "关闭广告"),
    "recommendation.shown": ("was recommended", "收到推荐"),
    "recommendation.clicked": ("followed the recommendation of", "点击推荐"),
    "recommendation.dismissed": ("dismissed the recommendation of", "忽略推荐"),
}


def render_event(event: Event, language: Language = "en") -> str:
    """The sentence of an event; an action that only a mapping file knows is called by its name.

    >>> from streams.domain.events import Item
    >>> event = Event(b"", "", "shop", "shop.order.completed", 0.0, 0.0, item=Item("i-1", title="Trail shoe"))
    >>> render_event(event), render_event(event, "zh")
    ('bought Trail shoe', '购买商品 Trail shoe')
    """
    action = action_of(event.type)
    english, chinese = _PHRASES.get(action, (action.replace(".", " "),) * 2)
    what = "" if event.item is None else event.item.title or event.item.item_id
    head = f"{chinese if language == 'zh' else english} {what}".rstrip()
    if not event.text:
        return head
    return f"{head}：{event.text}" if language == "zh" else f"{head}: {event.text}"
